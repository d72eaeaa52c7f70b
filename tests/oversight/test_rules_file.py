"""The rules file: the one in the repository is good, and a wrong one is refused before anything starts."""

from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from govbus.oversight.domain.severity import Severity
from govbus.oversight.domain.signal import Kind
from govbus.oversight.rules_file import RulesRejected, load_rules
from govbus.oversight.settings import Settings

RULES = Path(__file__).parents[2] / "policies" / "incidents.yaml"
RULE = "{id: a, kind: drift}"


def test_every_kind_of_signal_has_a_rule_and_every_critical_incident_a_deadline() -> None:
    rules = load_rules(RULES)
    assert {rule.kind for rule in rules} == set(Kind)
    assert all(Severity.CRITICAL in dict(rule.acknowledge_within) for rule in rules)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "version: 1",
        "version: 2\nrules: [" + RULE + "]",
        "version: 1\nrules: []",
        "version: 1\nrules: [" + RULE + ", " + RULE + "]",
        "version: 1\nrules: [{id: a, kind: unheard_of}]",
        "version: 1\nrules: [{id: a, kind: drift, minimum_severtiy: low}]",
        "version: 1\nrules: [{id: a, kind: drift, acknowledge_within_minutes: {dire: 1}}]",
        "version: [",
    ],
)
def test_a_wrong_rules_file_is_a_sentence_that_names_it(tmp_path: Path, text: str) -> None:
    file = tmp_path / "rules.yaml"
    file.write_text(text)
    with pytest.raises(RulesRejected, match=r"rules\.yaml"):
        load_rules(file)
    with pytest.raises(ValidationError, match=r"rules\.yaml"):
        Settings(postgres_url=SecretStr("x"), kafka_bootstrap_servers="x", oversight_rules_file=file)


def test_a_missing_rules_file_is_a_sentence_too(tmp_path: Path) -> None:
    with pytest.raises(RulesRejected, match="cannot be read"):
        load_rules(tmp_path / "none.yaml")
