"""Events to send, each with an id of its own and about 600 bytes, over a few hundred subjects."""

import itertools
import json
from collections.abc import Iterator
from typing import Final

SUBJECTS_COUNT: Final = 300
_TEXT: Final = "Accuracy on the hold-out set of the second quarter, measured by the nightly job. " * 3


def events(run: str) -> Iterator[bytes]:
    """Yield events in structured mode without end; `run` makes their ids new."""
    for number in itertools.count():
        yield json.dumps(
            {
                "specversion": "1.0",
                "id": f"{run}-{number}",
                "source": "//demo/platform",
                "type": "dev.govbus.monitor.observed.v1",
                "subject": f"model/demo/bench-{number % SUBJECTS_COUNT}",
                "time": "2026-11-23T12:00:00Z",
                "data": {
                    "environment": "production",
                    "metric": "accuracy",
                    "kind": "technical",
                    "window": {"start": "2026-11-22T00:00:00Z", "end": "2026-11-23T00:00:00Z"},
                    "value": 0.9 + (number % 100) / 1000,
                    "subgroup": _TEXT[: 100 + number % 100],
                },
            },
            separators=(",", ":"),
        ).encode()


def batches(run: str, count: int) -> Iterator[bytes]:
    """Yield batches of `count` events."""
    said = events(run)
    while True:
        yield b"[" + b",".join(itertools.islice(said, count)) + b"]"
