"""Model cards: what a card says of a model, with front matter and without; what it leaves open stays open."""

from typing import Any

import pytest

from intake.mappings.reading import facts, refusal

STATED = {"subject": "model/retail/zephyr", "version": "1"}
DOCKER = """# Kimi K2
*GGUF version by Unsloth*

![logo](https://example.com/logo.svg)

The latest model,
it thinks.

## Intended uses

Assistants:
- chat

## Characteristics

| Attribute        | Details                             |
|------------------|-------------------------------------|
| **Provider**     | Moonshot 月                          |
| **Cutoff date**  | -                                   |
| **License**      | [MIT](https://example.com/LICENSE)  |

# Benchmark
| MMLU | 90.8 |
"""
HUB = """---
license: [mit, other]
language:
- en
- no
base_model: org/base
datasets: [org/data]
library_name: transformers
model-index:
- name: zephyr
  results:
  - dataset: {name: ARC}
    metrics:
    - {type: acc, value: 62.03}
    - {type: acc, value: n/a}
---
# Model Card for Zephyr β

## Uses

### Out-of-Scope Use

[More Information Needed]

## Bias, Risks, and Limitations

It may err.
"""


def described(card: str, **stated: str) -> dict[str, Any]:
    """Return what a card says of the model."""
    (kind, _, data), *_ = facts("model_cards", card.encode(), stated=stated)
    assert kind == "model.registered"
    return data


def test_a_card_without_front_matter_is_read_by_title_sections_and_table() -> None:
    assert facts("model_cards", DOCKER.encode()) == [
        (
            "model.registered",
            "model/retail/Kimi%20K2",
            {
                "description": "The latest model,\nit thinks.",
                "intended_use": "Assistants:\n- chat",
                "provider": "vendor",
                "vendor": "Moonshot 月",
                "tags": {"title": "Kimi K2", "licence": "MIT"},
            },
        )
    ]


def test_line_ends_of_windows_change_nothing() -> None:
    assert described(DOCKER.replace("\n", "\r\n")) == described(DOCKER)


def test_front_matter_describes_the_version_that_the_sender_states() -> None:
    (_, subject, registered), (kind, _, version) = facts("model_cards", HUB.encode(), stated=STATED)
    assert (subject, kind) == ("model/retail/zephyr", "model.version_created")
    assert registered["tags"]["base_model"] == "org/base"
    version.pop("model_card_ref")
    assert version == {
        "version": "1",
        "base_model": "org/base",
        "datasets": [{"dataset": "org/data", "role": "training"}],
        "framework": "transformers",
        "known_limitations": "It may err.",
        "languages": ["en", "no"],
        "licence": "mit, other",
        "metrics": [{"name": "acc (ARC)", "value": 62.03}],
    }


def test_what_the_template_leaves_open_stays_unsaid() -> None:
    assert {"out_of_scope_use", "intended_use", "description"} & set(described(HUB)) == set()


def test_the_templates_own_wording_is_no_part_of_the_name() -> None:
    ((_, subject, _),) = facts("model_cards", HUB.encode())
    assert subject == "model/retail/Zephyr%20%CE%B2"


@pytest.mark.parametrize(
    "title", ["Model Card for Model ID", "Model Name", "[Name of the model]", "Dataset Card for Dataset Name"]
)
def test_a_title_that_nobody_wrote_names_nothing(title: str) -> None:
    card = f"---\nlicense: mit\n---\n# {title}\n\nSays yes.\n".encode()
    assert refusal("model_cards", card) == ("mapping_failed", ["/context/subject"])
    _, (_, subject, data) = facts("model_cards", card, stated=STATED)
    assert (subject, data["description"]) == (STATED["subject"], "Says yes.")
    assert refusal("model_cards", f"# {title}\n".encode())[1] == ["/context/subject"]


def test_comments_of_the_template_are_no_part_of_the_card() -> None:
    head = "# Model Card for zephyr\n\n<!-- Provide a quick\nsummary -->\n\n"
    uses = "## Uses\n\n<!-- Address\nusers -->\n\n### Direct Use\n\n<!-- without fine-tuning -->\n\nChat.\n"
    ((_, _, data),) = facts("model_cards", f"{head}{uses}".encode())
    assert (data.get("description"), data["intended_use"]) == (None, "Chat.")
    ((_, _, said),) = facts("model_cards", f"{head}It chats. <!-- open\n".encode())
    assert said["description"] == "It chats."


def test_figures_in_prose_are_not_read() -> None:
    assert "metrics" not in str(facts("model_cards", DOCKER.encode(), stated=STATED))


def test_a_card_of_a_data_set_is_none_of_a_model() -> None:
    card = (
        "---\ntask_categories: [x]\nlanguage: fr\nlicense: cc-by-4.0\npretty_name: Prêts\n---\n# Dataset Card for x\n"
    )
    assert facts("model_cards", card.encode()) == [
        (
            "dataset.registered",
            "dataset/retail/Pr%C3%AAts",
            {
                "name": "Prêts",
                "languages": ["fr"],
                "licence": "cc-by-4.0",
                "tags": {"language": "fr", "licence": "cc-by-4.0", "title": "x"},
            },
        )
    ]


@pytest.mark.parametrize("front", ["license: null", "license: {a: 1}", "language: 5", "datasets: null", "tags: [[1]]"])
def test_hostile_front_matter_says_less_and_guesses_nothing(front: str) -> None:
    data = described(f"---\n{front}\n---\n# X\n", **STATED)
    assert data["tags"]["title"] == "X"
    assert "null" not in str(data)


@pytest.mark.parametrize("raw", [b"", b"a text without title", b"{}"])
def test_a_text_without_title_and_front_matter_is_no_card(raw: bytes) -> None:
    assert refusal("model_cards", raw, stated=STATED)[0] == "unmapped"


def test_a_card_that_names_nothing_needs_a_stated_subject() -> None:
    assert refusal("model_cards", b"---\nlicense: mit\n---\nno title") == ("mapping_failed", ["/context/subject"])
