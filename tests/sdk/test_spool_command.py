"""`govbus spool`: what waits, what was refused, and what can be done about it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from govbus.sdk import Emitter
from govbus.sdk.cli.program import run
from sdk.desk import SOURCE, SUBJECT, IntakeDesk

Said = Callable[[], Any]


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Said:
    """The JSON that the last command printed."""
    return lambda: json.loads(capsys.readouterr().out)


def emit_and_leave(url: str, *subjects: str, source: str = SOURCE) -> None:
    """Spool events without waiting for an answer."""
    emitter = Emitter(source=source, url=url, token="t")
    emitter._sender.stop(0)
    for subject in subjects:
        emitter.emit("model.registered", subject=subject)
    emitter.close(timeout_seconds=0)


def test_what_waits_is_shown_and_sent_on_request(intake: IntakeDesk, said: Said) -> None:
    assert run(["spool", "status", "--json"]) == 0
    assert said() == {"items": []}
    emit_and_leave(intake.url, SUBJECT, SUBJECT)
    assert run(["spool", "status", "--json"]) == 1
    (item,) = said()["items"]
    assert (item["source"], item["url"], item["waiting"], item["state"]) == (SOURCE, intake.url, 2, "never sent")
    assert run(["spool", "send", "--json"]) == 0
    assert said()["state"] == "clear"
    assert len(intake.accepted()) == 2
    assert run(["spool", "status"]) == 0


def test_a_refused_event_is_shown_mended_elsewhere_and_retried(
    intake: IntakeDesk, said: Said, capsys: pytest.CaptureFixture[str]
) -> None:
    emit_and_leave(intake.url, "model/other/churn", SUBJECT, "model/another/churn")
    assert run(["spool", "send"]) == 0
    assert run(["spool", "refused"]) == 0
    assert "foreign-namespace" in capsys.readouterr().out
    assert run(["spool", "refused", "--json"]) == 0
    first, second = said()["items"]
    assert first["event"]["subject"] == "model/other/churn"
    assert run(["spool", "discard", str(second["position"]), "--json"]) == 0
    assert said() == {"count": 1}
    assert run(["spool", "retry", "--all", "--json"]) == 0
    assert said() == {"count": 1}
    assert run(["spool", "status", "--json"]) == 1
    (item,) = said()["items"]
    assert (item["waiting"], item["refused"]) == (1, 0)
    assert run(["spool", "retry", "99"]) == 1
    assert [event.subject for event in intake.accepted()] == [SUBJECT]


def test_a_credential_that_is_not_accepted_is_said_and_is_exit_code_3(
    intake: IntakeDesk, monkeypatch: pytest.MonkeyPatch, said: Said
) -> None:
    emit_and_leave(intake.url, SUBJECT)
    monkeypatch.setenv("GOVBUS_SOURCE_TOKEN", f"gbs_{'wrong' * 8}xyz")
    assert run(["spool", "send", "--json"]) == 3
    assert "No such credential" in said()["detail"]
    assert run(["spool", "status", "--json"]) == 1
    assert "No such credential" in said()["items"][0]["detail"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["spool", "retry"],
        ["spool", "discard", "1", "--all"],
        ["spool", "send"],
        ["spool", "retry", "nonsense"],
    ],
)
@pytest.mark.usefixtures("alone")
def test_wrong_use_is_exit_code_2_with_words(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) == 2
    assert capsys.readouterr().err


def test_among_several_spools_one_must_be_named(alone: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for source in (SOURCE, "//other/platform"):
        emit_and_leave("http://127.0.0.1:9", SUBJECT, source=source)
    assert run(["spool", "discard", "--all"]) == 2
    assert "There are 2 spools here" in capsys.readouterr().err
    one = next((alone / "spools").glob("other*.sqlite3"))
    assert run(["spool", "status", "--spool", str(one)]) == 1
    assert "//other/platform" in capsys.readouterr().out
