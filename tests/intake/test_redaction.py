"""Secrets are blanked wherever they stand, in texts that hold JSON too."""

import json

import pytest

from govbus.intake.domain.redaction import redacted


def test_a_secret_in_a_text_that_holds_json_is_blanked() -> None:
    inner = {"state": "prêt", "config": {"password": "hunter2"}, "held": json.dumps([{"api_key": "hunter3"}])}
    found = redacted({"message": json.dumps(inner)}, ())
    assert "hunter" not in json.dumps(found)
    read = json.loads(found["message"])
    assert (read["state"], read["config"]) == ("prêt", {"password": "[redacted]"})


@pytest.mark.parametrize(
    "text", ['{"state":  "ok", "n": 1.50}', "{not json}", '{"a": 1, "a": 2}', "[1, 2]", '{"\ud800": 1}', "{" * 5000]
)
def test_a_text_without_a_secret_stays_as_it_is(text: str) -> None:
    body = {"message": text}
    assert redacted(body, ()) is body
