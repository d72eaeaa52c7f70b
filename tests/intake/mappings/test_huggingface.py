"""Hugging Face: only what lands on main is a version; proposals and settings decide nothing."""

from typing import Any

import pytest

from intake.mappings.reading import facts, refusal

SHA = "575db8b7a51b6f85eb06eee540738584589f131c"


def webhook(action: str, scope: str, kind: str = "model", **members: Any) -> dict[str, Any]:
    """Return a delivery as the Hub writes it."""
    return {
        "event": {"action": action, "scope": scope},
        "repo": {
            "type": kind,
            "name": "acme/scorer",
            "id": "6366c000a2abcdf2fd69a080",
            "private": False,
            "url": {"web": "https://huggingface.co/acme/scorer"},
            "owner": {"id": "1"},
        },
        "webhook": {"id": "w", "version": 3},
        **members,
    }


def pushed(ref: str, new: str | None = SHA) -> list[dict[str, Any]]:
    """Return one updated reference."""
    return [{"ref": ref, "oldSha": None, "newSha": new}]


def test_a_new_repository_is_a_model_or_a_data_set() -> None:
    tags = {"repository": "https://huggingface.co/acme/scorer", "private": "false"}
    assert facts("huggingface", webhook("create", "repo")) == [
        ("model.registered", "model/retail/acme%2Fscorer", {"tags": tags})
    ]
    ((type_, subject, data),) = facts("huggingface", webhook("create", "repo", "dataset"))
    assert (type_, subject, data["name"]) == ("dataset.registered", "dataset/retail/acme%2Fscorer", "acme/scorer")


@pytest.mark.parametrize("kind", ["model", "dataset"])
def test_a_commit_on_main_is_a_version(kind: str) -> None:
    sent = webhook("update", "repo.content", kind, updatedRefs=pushed("refs/heads/main"))
    ((found, subject, data),) = facts("huggingface", sent)
    assert (found, subject, data["version"]) == (f"{kind}.version_created", f"{kind}/retail/acme%2Fscorer", SHA)


@pytest.mark.parametrize(
    "refs",
    [
        pushed("refs/pr/19"),
        pushed("refs/tags/v1"),
        pushed("refs/heads/dev"),
        pushed("refs/heads/main", None),
        [],
        None,
    ],
)
def test_a_pull_request_a_tag_or_a_deleted_branch_is_no_version(refs: Any) -> None:
    ((type_, _, data),) = facts("huggingface", webhook("update", "repo.content", updatedRefs=refs))
    assert (type_, data["kind"]) == ("platform.reported", "repo.content.update")


@pytest.mark.parametrize(
    ("action", "scope"),
    [
        ("create", "discussion"),
        ("update", "discussion"),
        ("create", "discussion.comment"),
        ("update", "repo.config"),
        ("update", "repo.config.dois"),
        ("update", "something.new"),
    ],
)
def test_proposals_settings_and_unknown_scopes_are_reported(action: str, scope: str) -> None:
    ((type_, _, data),) = facts("huggingface", webhook(action, scope, updatedConfig={}))
    assert (type_, data["kind"]) == ("platform.reported", f"{scope}.{action}")


def test_a_deleted_model_is_retired_and_a_deleted_data_set_reported() -> None:
    assert facts("huggingface", webhook("delete", "repo"))[0][0] == "model.retired"
    assert facts("huggingface", webhook("delete", "repo", "dataset"))[0][0] == "platform.reported"


def test_a_renamed_model_is_the_same_model() -> None:
    sent = webhook("move", "repo", movedTo={"name": "acme/scorer-2", "owner": {"id": "1"}})
    assert facts("huggingface", sent) == [
        ("record.merged", "model/retail/acme%2Fscorer-2", {"merged": "model/retail/acme%2Fscorer"})
    ]


def test_a_space_is_nobodys_model() -> None:
    ((type_, subject, _),) = facts("huggingface", webhook("create", "repo", "space"))
    assert (type_, subject) == ("platform.reported", "external/huggingface/space%2Facme%2Fscorer")


@pytest.mark.parametrize(
    ("sent", "pointers"),
    [
        ({**webhook("create", "repo"), "repo": {"type": "model"}}, ["/repo/name"]),
        ({**webhook("create", "repo"), "event": {"scope": "repo"}}, ["/event/action"]),
        ({**webhook("create", "repo"), "repo": None}, ["/repo/type"]),
        (webhook("update", "repo.content", updatedRefs=[{"ref": "refs/heads/main", "newSha": 7}]), []),
        ([], ["/event"]),
    ],
)
def test_what_is_missing_is_named(sent: Any, pointers: list[str]) -> None:
    assert refusal("huggingface", sent) == ("mapping_failed", pointers)


def test_a_scope_below_the_content_is_an_update_of_the_content() -> None:
    ((type_, _, data),) = facts(
        "huggingface", webhook("update", "repo.content.lfs", updatedRefs=pushed("refs/heads/main"))
    )
    assert (type_, data["version"]) == ("model.version_created", SHA)


def test_a_version_carries_what_its_card_is_tagged_with() -> None:
    sent = webhook("update", "repo.content", updatedRefs=pushed("refs/heads/main"))
    tags = ["license:mit", "base_model:acme/grand", "base_model:finetune:acme/grand", "dataset:acme/prêts", "fr", None]
    ((_, _, data),) = facts("huggingface", {**sent, "repo": {**sent["repo"], "tags": tags}})
    assert (data["licence"], data["base_model"]) == ("mit", "acme/grand")
    assert data["datasets"] == [{"dataset": "acme/prêts"}]
    merged = [*tags, "base_model:acme/petit"]
    ((_, _, data),) = facts("huggingface", {**sent, "repo": {**sent["repo"], "tags": merged}})
    assert "base_model" not in data


def test_a_move_that_names_no_new_place_is_reported() -> None:
    ((type_, _, data),) = facts("huggingface", webhook("move", "repo"))
    assert (type_, data["kind"]) == ("platform.reported", "repo.move")
