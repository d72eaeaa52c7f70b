"""What each delivered mapping costs: processor time from the bytes of a payload to facts that could be stored.

Over the files of the samples folder whose expectation says that something comes of them. Nothing to compare with and
no limit: the figures say which mapping to look at when a platform is slow to take in.
"""

import gzip
import json
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import yaml

from govbus.intake.domain.acceptance import attribute
from govbus.intake.domain.deliveries import read_delivery
from govbus.intake.domain.inputs import Input, Unit
from govbus.intake.domain.mapping import Mapping
from govbus.intake.domain.source import Source
from govbus.intake.domain.units import read_request
from govbus.intake.installed_mappings import DELIVERED, load_mappings

CHECKOUT: Final = Path(__file__).parents[1]
SAMPLES: Final = Path(os.environ.get("GOVBUS_SAMPLES", CHECKOUT.parent / "shared" / "samples"))
EXPECTED: Final = CHECKOUT / "tests" / "interop" / "expected"
MEASURED_SECONDS: Final = 0.2
"""Processor time that is spent on each file, at least."""

_EVERY_TYPE: Final = ("*",)
_NOW: Final = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Payload:
    """One file as its platform sends it."""

    input_: Input
    source: Source
    is_event: bool


@dataclass(frozen=True)
class Cost:
    """Of one mapping, over all its files: bytes, processor time of reading each once, and what came of it."""

    payloads_count: int = 0
    facts_count: int = 0
    body_bytes: int = 0
    cpu_seconds: float = 0.0

    def with_one(self, body_bytes: int, facts_count: int, cpu_seconds: float) -> "Cost":
        """Return this and one more payload."""
        return Cost(
            self.payloads_count + 1,
            self.facts_count + facts_count,
            self.body_bytes + body_bytes,
            self.cpu_seconds + cpu_seconds,
        )


def main() -> int:
    """Print a line per mapping; return 1 where there are no samples to measure."""
    if not SAMPLES.is_dir():
        sys.stderr.write(f"no samples in {SAMPLES}: set GOVBUS_SAMPLES\n")
        return 1
    mappings = load_mappings(DELIVERED)
    costs = {name: Cost() for name in mappings}
    for path in sorted(EXPECTED.glob("*.yaml")):
        for payload in _payloads(yaml.safe_load(path.read_text("utf-8"))):
            name = payload.source.mapping or ""
            costs[name] = costs[name].with_one(*_measured(payload, mappings))
    sys.stdout.write(
        f"{'mapping':22}{'files':>6}{'facts':>8}{'KiB':>9}{'µs/payload':>12}{'µs/KiB':>9}{'facts/s':>10}\n"
    )
    for name, cost in sorted(costs.items()):
        sys.stdout.write(_line(name, cost))
    return 0


def _payloads(expected: dict[str, Any]) -> Iterator[Payload]:
    """Yield the files of one platform from which facts are expected, or that are ignored."""
    name, reads = expected["platform"], expected.get("mapping")
    if reads is None:
        return
    uri = expected.get("source", {}).get("uri") or f"//{reads}/prod"
    source = Source(name, uri, "retail", types=_EVERY_TYPE, mapping=reads)
    for file, said in expected["files"].items():
        if "facts" in said or "facts_count" in said or "ignored" in said:
            yield _payload(SAMPLES / name / file, said, source)


def _payload(path: Path, said: dict[str, Any], source: Source) -> Payload:
    raw = path.read_bytes()
    body = gzip.decompress(raw) if path.suffix == ".gz" else raw
    headers = tuple({"content-type": "application/json", **_beside(path), **said.get("headers", {})}.items())
    via = said.get("via", "webhook")
    if via == "event":
        return Payload(Input("event", headers, body), source, is_event=True)
    stated = said.get("stated", {}) if via == "import" else {}
    return Payload(Input("webhook", headers, body, stated), source, is_event=False)


def _beside(path: Path) -> dict[str, str]:
    """Return the headers saved beside a payload."""
    file = path.with_name(path.name.removesuffix(".gz").removesuffix(".json") + ".headers.json")
    if not file.exists():
        return {}
    found = json.loads(file.read_text("utf-8"))["headers"]
    pairs = found.items() if isinstance(found, dict) else found
    return {name.lower(): value for name, value in pairs}


def _measured(payload: Payload, mappings: dict[str, Mapping]) -> tuple[int, int, float]:
    """Return bytes, facts and seconds of one payload, after it was read once to warm up."""
    facts_count = _read(payload, mappings)
    rounds_count, begun = 0, time.process_time()
    while (spent := time.process_time() - begun) < MEASURED_SECONDS or not rounds_count:
        _read(payload, mappings)
        rounds_count += 1
    return len(payload.input_.raw), facts_count, spent / rounds_count


def _read(payload: Payload, mappings: dict[str, Mapping]) -> int:
    """Return how many facts a payload gives, each checked against its contract as when it is admitted."""
    units: list[Unit]
    if payload.is_event:
        _, units = read_request(payload.input_, payload.source, mappings, _NOW)
    else:
        units = read_delivery(payload.input_, payload.source, mappings, _NOW)
    return sum(len([attribute(draft, payload.source, _NOW) for draft in unit.drafts]) for unit in units)


def _line(name: str, cost: Cost) -> str:
    if not cost.payloads_count:
        return f"{name:22}{0:6}  no sample\n"
    each = cost.cpu_seconds / cost.payloads_count * 1e6
    per_kib = cost.cpu_seconds * 1e6 / (cost.body_bytes / 1024)
    rate = cost.facts_count / cost.cpu_seconds
    counts = f"{cost.payloads_count:6}{cost.facts_count:8}{cost.body_bytes / 1024:9.0f}"
    return f"{name:22}{counts}{each:12.0f}{per_kib:9.1f}{rate:10.0f}\n"


if __name__ == "__main__":
    sys.exit(main())
