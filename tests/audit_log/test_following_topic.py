"""`govbus log follow --kafka --verify` on a real topic, with nothing but a Kafka user and the key."""

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from audit_log.stored_log import entries_of, note_of, write_folder
from backends.running import RunningKafka
from eventing.live import produce
from govbus.audit_log.domain.publication import Publishable, published_checkpoint, published_entry
from govbus.contracts import topics
from govbus.contracts.envelope import Event
from govbus.contracts.translog.checkpoint import parse_checkpoint
from govbus.contracts.translog.note import parse_note
from govbus.sdk.cli.program import run
from sdk.static_log import COMMITMENT_KEY, ORIGIN, entry, payload, served, signer

ENTRIES = entries_of(60)
NOW = datetime(2026, 11, 24, tzinfo=UTC)
VKEY = str(signer().key)

pytestmark = pytest.mark.timeout(180)
Follow = Callable[..., int]


def of_entry(index: int, raw: bytes | None = None, classification: str = "internal") -> Event:
    """Return `entry.published` as the log makes it."""
    stored = Publishable(
        index=index,
        kind="event",
        entry=ENTRIES[index] if raw is None else raw,
        id=f"event-{index}",
        correlation_id=None,
        classification=classification,
        known_at=NOW,
        key=COMMITMENT_KEY,
        attributes=b"{}",
        payload=payload(index),
    )
    return published_entry(ORIGIN, stored)


def of_checkpoint(entries: Sequence[bytes]) -> Event:
    """Return `checkpoint.published` as the log makes it."""
    note = note_of(entries).decode()
    signed = parse_checkpoint(parse_note(note).text)
    return published_checkpoint(ORIGIN, signed.size, signed.root, note, NOW)


def whole() -> list[Event]:
    """Return what a log of sixty entries published in two stretches."""
    first = [of_entry(index) for index in range(25)]
    return [*first, of_checkpoint(ENTRIES[:25]), *map(of_entry, range(25, 60)), of_checkpoint(ENTRIES)]


@pytest.fixture
def follow(govbus_topics: RunningKafka, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Follow:
    """Publish events as the log does, and follow the topic to its end as somebody who knows nothing else."""
    user, password = govbus_topics.credentials("local")
    for name in ("GOVBUS_URL", "GOVBUS_TOKEN", "GOVBUS_HOME", "GOVBUS_LOG_VKEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GOVBUS_KAFKA_BOOTSTRAP_SERVERS", govbus_topics.bootstrap_servers)
    monkeypatch.setenv("GOVBUS_KAFKA_SECURITY_PROTOCOL", govbus_topics.access.security_protocol)
    monkeypatch.setenv("GOVBUS_KAFKA_USERNAME", user)
    monkeypatch.setenv("GOVBUS_KAFKA_PASSWORD", password)

    def published_and_followed(events: Sequence[Event], *more: str) -> int:
        asyncio.run(produce(govbus_topics, *events, topic=topics.AUDIT, principal="audit_log"))
        return run(["log", "follow", "--kafka", "--verify", "--once", "--key", VKEY, "--json", *more])

    return published_and_followed


def told(capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    """Return the last line of JSON."""
    found: dict[str, object] = json.loads(capsys.readouterr().out.splitlines()[-1])
    return found


def test_the_topic_and_the_key_are_enough_and_it_goes_on_from_its_state(
    follow: Follow, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    events = whole()
    state = str(tmp_path / "state")
    assert follow([*events[:30], *events[20:28]], "--state", state, "--from", "10") == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["index"] for line in lines[:-1]] == list(range(10, 29))
    end = {"verified": True, "size": 29, "checked_size": 25, "repeated_count": 7, "checkpoints_count": 2}
    assert lines[-1] == end
    assert follow(events[30:], "--state", state) == 0
    assert told(capsys) == end | {"size": 60, "checked_size": 60}


@pytest.mark.parametrize(
    ("events", "index", "said"),
    [
        ([*whole()[:10], *whole()[12:]], 10, "entries 10 and 11"),
        ([*whole()[:10], of_entry(10, entry(10, subject="model/demo/other")), *whole()[11:]], 0, "changed entry"),
        ([*whole()[:10], replace(whole()[10], data=whole()[9].data), *whole()[11:]], 9, "another's data"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_tampered_topic_stops_it_with_the_index(
    follow: Follow, capsys: pytest.CaptureFixture[str], events: list[Event], index: int | None, said: str
) -> None:
    assert follow(events) == 1, said
    error = told(capsys)["error"]
    assert isinstance(error, dict)
    assert error["differences"][0]["index"] == index, error
    assert error["differences"][0]["place"].startswith("govbus.audit offset")


def test_where_the_log_is_known_a_changed_stretch_is_narrowed_down_to_its_entry(
    follow: Follow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    closed = [of_entry(index, classification="confidential") for index in range(25)]
    closed[13] = of_entry(13, entry(13, subject="model/demo/other"), "confidential")
    write_folder(tmp_path / "served" / "v1" / "log", ENTRIES)
    with served(tmp_path / "served") as url:
        monkeypatch.setenv("GOVBUS_URL", url)
        assert follow([*closed, of_checkpoint(ENTRIES[:25])]) == 1
    error = told(capsys)["error"]
    assert isinstance(error, dict)
    assert [one["index"] for one in error["differences"]] == [0, 13]


def test_a_topic_without_a_checkpoint_proves_nothing(follow: Follow, capsys: pytest.CaptureFixture[str]) -> None:
    assert follow(whole()[:10]) == 1
    assert told(capsys)["verified"] is False


def test_a_wrong_password_is_one_sentence(
    follow: Follow, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GOVBUS_KAFKA_PASSWORD", "wrong")
    assert follow([]) == 3
    assert "Kafka at" in capsys.readouterr().err


def test_tiles_over_http_are_followed_alike(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    base = tmp_path / "served" / "v1" / "log"
    write_folder(base, ENTRIES[:40])
    command = [
        "log",
        "follow",
        "--http",
        "--verify",
        "--once",
        "--key",
        VKEY,
        "--json",
        "--state",
        str(tmp_path / "at"),
    ]
    with served(tmp_path / "served") as url:
        monkeypatch.setenv("GOVBUS_URL", url)
        monkeypatch.setenv("GOVBUS_TOKEN", "any")
        assert run(command) == 0
        assert told(capsys)["checked_size"] == 40
        write_folder(base, ENTRIES)
        assert run(command) == 0
        assert told(capsys)["checked_size"] == 60
        write_folder(base, [*ENTRIES[:59], entry(9999), entry(60)])
        (base / "tile/0/000.p/61").unlink()
        write_folder(tmp_path / "other", [*ENTRIES, entry(60)])
        (base / "checkpoint").write_bytes(note_of([*ENTRIES, entry(61)]))
        assert run(command) == 1
        assert "entries 60 to 60" in str(told(capsys))
