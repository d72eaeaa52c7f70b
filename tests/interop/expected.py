"""Expectations: what each file of the samples means, written by hand from the platforms' documentation.

One YAML file per folder of the samples, in `expected/`. Every file of a folder stands in it.
"""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import yaml

FOLDER: Final = Path(__file__).parent / "expected"
_OUTCOMES: Final = ("facts", "refused", "ignored", "duplicate", "not_input")
_FILE_KEYS: Final = {*_OUTCOMES, "facts_count", "via", "stated", "headers", "after", "clock"}
_FACT_KEYS: Final = {"type", "subject", "time", "data", "data_includes", "counts", "opaque"}
_HOP_HEADERS: Final = frozenset({"host", "content-length", "connection", "authorization", "accept-encoding"})


@dataclass(frozen=True)
class ExpectedFact:
    """One fact: `data` as a whole or `data_includes` in part; `counts` are lengths of lists in it."""

    type: str
    subject: str
    time: str | None = None
    data: Any = None
    data_includes: dict[str, Any] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    opaque: bool = False


@dataclass(frozen=True)
class ExpectedFile:
    """What one file means: facts, or a reason for refusal or being ignored, or that nobody sends it."""

    name: str
    via: str = "webhook"
    stated: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    after: tuple[str, ...] = ()
    clock: datetime | None = None
    facts: tuple[ExpectedFact, ...] | None = None
    facts_count: int | None = None
    refused: str | None = None
    ignored: str | None = None
    duplicate: bool = False
    not_input: str | None = None


@dataclass(frozen=True)
class ExpectedPlatform:
    """Everything that is expected of one folder."""

    platform: str
    mapping: str | None
    source: dict[str, Any]
    files: dict[str, ExpectedFile]


def read_expectations(folder: str) -> ExpectedPlatform:
    """Return what is expected of the samples in `folder`; anything misspelt is an error."""
    document = yaml.safe_load((FOLDER / f"{folder}.yaml").read_text("utf-8"))
    unknown = set(document) - {"platform", "mapping", "basis", "source", "files"}
    assert not unknown, f"{folder}: unknown {unknown}"
    assert document["platform"] == folder
    assert document["basis"], "an expectation says where it comes from"
    files = {name: _file(name, entry) for name, entry in document["files"].items()}
    return ExpectedPlatform(folder, document.get("mapping"), document.get("source", {}), files)


def captured_headers(path: Path) -> tuple[dict[str, str], datetime | None]:
    """Return the headers saved beside a payload, those of the hop left out, and when it was captured."""
    beside = path.with_name(path.name.removesuffix(".gz").removesuffix(".json") + ".headers.json")
    if not beside.exists():
        return {}, None
    noted = json.loads(beside.read_text("utf-8"))
    pairs = noted["headers"].items() if isinstance(noted["headers"], dict) else noted["headers"]
    headers = {name.lower(): value for name, value in pairs if name.lower() not in _HOP_HEADERS}
    at = noted.get("received_unix")
    return headers, datetime.fromtimestamp(at, UTC) if at else None


def _file(name: str, entry: dict[str, Any]) -> ExpectedFile:
    unknown = set(entry) - _FILE_KEYS
    assert not unknown, f"{name}: unknown {unknown}"
    assert any(outcome in entry for outcome in _OUTCOMES), f"{name}: no outcome is stated"
    known = {key: value for key, value in entry.items() if key not in {"facts", "after", "clock"}}
    clock = entry.get("clock")
    moment = datetime.fromisoformat(clock) if isinstance(clock, str) else clock
    return ExpectedFile(
        name,
        facts=tuple(_fact(name, fact) for fact in entry["facts"]) if "facts" in entry else None,
        after=tuple(entry.get("after", ())),
        clock=moment.astimezone(UTC) if moment else None,
        **known,
    )


def _fact(name: str, entry: dict[str, Any]) -> ExpectedFact:
    unknown = set(entry) - _FACT_KEYS
    assert not unknown, f"{name}: unknown {unknown}"
    return ExpectedFact(**entry)
