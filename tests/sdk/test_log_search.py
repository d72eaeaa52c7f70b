"""`govbus log entries, export, trace` against the real log."""

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from audit_log.desk import Desk, bearer, event, settings
from backends.running import aside
from govbus.sdk.cli.program import run
from govbus.sdk.translog import log_reading
from govbus.sdk.transport import Transport
from sdk.serving import serving

STORY = (
    event("r1", data=b'{"purpose":"credit scoring"}'),
    event("v1", type="dev.govbus.validation.completed.v1", correlationid="c1", causationid="r1"),
    event("f1", type="dev.govbus.validation.failed.v1", source="//govbus/risk", correlationid="c1", causationid="v1"),
    event("i1", type="dev.govbus.incident.opened.v1", subject="incident/7", correlationid="c1", causationid="v1"),
    event("s1", dataclassification="confidential", data=b'{"secret":"plan"}', causationid="gone"),
)


@pytest.fixture
def log(alone: Path, service_database: Callable[[str], str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A served log with a story, read by a viewer."""
    desk = Desk(settings(service_database("audit_log"), alone))
    vkey = aside(lambda: asyncio.run(_fill(desk)))
    with serving(desk.app) as url:
        monkeypatch.setenv("GOVBUS_URL", url)
        monkeypatch.setenv("GOVBUS_LOG_VKEY", vkey)
        _as(monkeypatch, "viewer")
        yield desk


async def _fill(desk: Desk) -> str:
    await desk.sign()
    await desk.enter(*STORY)
    await desk.sign()
    await desk.do("words")
    vkey = (await desk.get("/v1/log/key")).text.split()[0]
    await desk.close()
    return vkey


def _as(monkeypatch: pytest.MonkeyPatch, role: str) -> None:
    monkeypatch.setenv("GOVBUS_TOKEN", bearer("ada", role)["authorization"].removeprefix("Bearer "))


def _said(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


@pytest.mark.usefixtures("log")
def test_entries_are_listed_by_whatever_narrows_them(capsys: pytest.CaptureFixture[str]) -> None:
    for options, ids in (
        (["--type", "*.validation.*"], ["v1", "f1"]),
        (["--subject", "incident/*"], ["i1"]),
        (["--text", "scoring -purpose", "--from", "0", "--to", "1"], ["r1"]),
        (["--causation", "v1", "--source", "//govbus/risk"], ["f1"]),
        (["--limit", "2"], ["r1", "v1"]),
    ):
        assert run(["log", "entries", "--json", *options]) == 0
        assert [item["id"] for item in _said(capsys)["items"]] == ids
    assert run(["log", "entries", "--from", "-1"]) == 2


@pytest.mark.usefixtures("log")
@pytest.mark.parametrize("format_", ["csv", "parquet"])
def test_an_export_is_taken_away_and_verified_again_without_the_log(
    alone: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], format_: str
) -> None:
    folder = alone / "taken"
    command = ["log", "export", "--format", format_, "--output", str(folder), "--subject", "model/*", "--json"]
    assert run(command) == 0
    said = _said(capsys)
    assert (said["count"], said["first"], said["last"], said["withheld_count"]) == (4, 0, 4, 1)
    assert sorted(path.name for path in folder.iterdir()) == [f"entries.{format_}", "manifest.json"]
    monkeypatch.setenv("GOVBUS_URL", "http://127.0.0.1:1")
    assert run(["verify", str(folder)]) == 0
    rows = folder / f"entries.{format_}"
    rows.write_bytes(rows.read_bytes().replace(b"purpose", b"suppose"))
    lines = (folder / "manifest.json").read_text().replace('"count":4', '"count":3')
    (folder / "manifest.json").write_text(lines)
    assert run(["verify", str(folder)]) == 1


def test_closed_payloads_are_taken_away_by_auditors_alone(
    log: Desk, alone: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["log", "export", "--output", str(alone / "taken"), "--confidential", "--json"]
    assert run(command) == 1
    assert not list((alone / "taken").iterdir()), "nothing half is left"
    capsys.readouterr()
    _as(monkeypatch, "auditor")
    assert run(command) == 0
    assert _said(capsys)["withheld_count"] == 0
    assert log.settings.audit_log_origin in (alone / "taken" / "manifest.json").read_text()


def test_following_begins_a_stream_again_where_the_last_one_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_reading, "AGAIN_SECONDS", 0.0)
    asked: list[str] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        """Send two entries, as a stream that ends."""
        start = int(request.url.params["from"])
        asked.append(str(start))
        blocks = [f'id: {n}\nevent: entry\ndata: {{"index":{n}}}\n\n' for n in (start, start + 1)]
        content = ": quiet\n\n" + "".join(blocks)
        return httpx2.Response(200, headers={"content-type": "text/event-stream"}, text=content)

    with Transport("http://log", transport=httpx2.MockTransport(answer)) as transport:
        followed = log_reading.LogReader(transport, "any").follow(3)
        assert [next(followed)["index"] for _ in range(6)] == [3, 4, 5, 6, 7, 8]
    assert asked == ["3", "5", "7"]


@pytest.mark.usefixtures("log")
def test_a_trace_is_drawn_as_a_tree(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["log", "trace", "v1"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition("  dev.")[0] for line in lines] == ["- r1", "   * v1", "      - f1", "      - i1"]
    assert "by risk  after 0 ms  [2, integrated]" in lines[2]
    assert run(["log", "trace", "s1"]) == 0
    assert capsys.readouterr().out.startswith("(cause gone is not in the log)\n* s1 ")
    assert run(["log", "trace", "v1", "--json"]) == 0
    assert _said(capsys)["asked"] == [1]
    assert run(["log", "trace", "none"]) == 1
    assert run(["log", "trace", "v1", "--source", "//none"]) == 1
