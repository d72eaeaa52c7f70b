"""`govbus import`: files of a platform, through a mapping of one's own, into the real intake."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from govbus.sdk.cli.program import run
from sdk.desk import IntakeDesk

MAPPING = """
name: our_register
version: "1"
describes: a table of our models
decoder: csv
match: "'model' in body.header"
split: body.rows
time: context.time
rules:
  - name: retired
    when: body.version == 'retired'
    ignore: test_delivery
  - name: a version
    when: body.model != ''
    type: model.version_created
    subject: {model: body.model}
    data: {version: body.version}
"""
STATED = ["--as", "our_register", "--time", "2026-11-20T08:00:00Z"]


@pytest.fixture
def table(intake: IntakeDesk) -> Path:
    """A table of which one row is refused and one ignored."""
    mappings = intake.folder / "intake" / "mappings"
    mappings.mkdir(exist_ok=True)
    file = intake.folder / "models.csv"
    file.write_text("model,version\nchurn,1\nchurn,\nfraud,7\nold,retired\n")
    return file


@pytest.fixture(autouse=True)
def own_mapping(alone: Path) -> None:
    """The mapping lies there before intake reads its folder."""
    folder = alone / "intake" / "mappings"
    folder.mkdir(parents=True)
    (folder / "our_register.yaml").write_text(MAPPING)


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Callable[[], Any]:
    """The JSON that the last command printed."""
    return lambda: json.loads(capsys.readouterr().out)


def test_each_row_is_taken_or_listed_with_its_reason(
    intake: IntakeDesk, table: Path, said: Callable[[], Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["import", str(table), *STATED, "--json"]) == 1
    (one,) = said()["files"]
    assert one["summary"] == {"accepted": 2, "duplicate": 0, "rejected": 1, "ignored": 1, "facts": 2}
    assert [(row["row"], row["reason"]) for row in one["refused"]] == [(2, "mapping-failed")]
    assert "version" in one["refused"][0]["detail"]
    assert [event.subject for event in intake.accepted()] == ["model/demo/churn", "model/demo/fraud"]
    assert run(["import", str(table), *STATED]) == 1
    told = capsys.readouterr()
    assert "mapping-failed" in told.out
    assert "Traceback" not in told.err


def test_imported_again_it_changes_nothing_and_says_so(
    intake: IntakeDesk, table: Path, said: Callable[[], Any]
) -> None:
    table.write_text("model,version\nchurn,1\nfraud,7\n")
    for accepted, duplicate in ((2, 0), (0, 2)):
        assert run(["import", str(table), *STATED, "--json"]) == 0
        summary = said()["files"][0]["summary"]
        assert (summary["accepted"], summary["duplicate"]) == (accepted, duplicate)
    assert len(intake.accepted()) == 2


def test_several_files_and_standard_input_are_told_apart(
    intake: IntakeDesk, table: Path, said: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    table.write_text("model,version\nchurn,1\n")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"model,version\nfraud,7\n")))
    assert run(["import", str(table), "-", *STATED, "--json"]) == 0
    assert [(one["file"], one["summary"]["accepted"]) for one in said()["files"]] == [(str(table), 1), ("-", 1)]
    assert len(intake.accepted()) == 2


def test_a_file_that_nothing_can_be_made_of_is_refused_and_the_others_are_taken(
    intake: IntakeDesk, table: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table.write_text("model,version\nchurn,1\n")
    other = table.with_name("other.csv")
    other.write_text("customer,name\n1,x\n")
    assert run(["import", str(other), str(table), *STATED]) == 1
    assert "unmapped" in capsys.readouterr().out
    assert len(intake.accepted()) == 1


@pytest.mark.usefixtures("intake")
def test_a_mapping_that_is_not_installed_is_named_with_those_that_are(
    table: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["import", str(table), "--as", "nonsense"]) == 1
    assert "our_register" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["import", "x.csv"], ["import", "missing.csv", "--as", "our_register"]])
def test_wrong_use_is_exit_code_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) == 2
    assert capsys.readouterr().err
