"""Reads the example events that lie in `contracts/examples`, one structured CloudEvent per file."""

import json
from pathlib import Path
from typing import Any

from govbus.contracts import strict_json
from govbus.contracts.envelope import CONTEXT_ATTRIBUTES, Event, parse_time

CONTRACTS = Path(__file__).parents[2] / "contracts"
EXAMPLES = CONTRACTS / "examples"
SCHEMAS = CONTRACTS / "schemas"


def example_files(kind: str) -> list[Path]:
    """Return the files of all types' `good` or `rejected` examples."""
    return sorted(EXAMPLES.glob(f"*/{kind}/*.json"))


def read_example(path: Path) -> Event:
    """Return the event that a file holds."""
    said: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    known = {name: said[name] for name in CONTEXT_ATTRIBUTES if name in said and name != "time"}
    return Event(**known, time=parse_time(said["time"]), data=strict_json.dump(said["data"]))
