"""What the process that makes a pack is told, and what it answers; both are one line of JSON."""

import dataclasses
from dataclasses import dataclass
from typing import Any

from govbus.audit_log.domain.made_pack import MadePack
from govbus.contracts import strict_json


@dataclass(frozen=True, slots=True, kw_only=True)
class PackTask:
    """One pack: whose, of which tree, what may go in, and where to; the URL of the database holds a password."""

    postgres_url: str
    policies_directory: str
    target: str
    origin: str
    subject: str
    framework: str | None
    size: int
    confidential: bool
    entries_count: int
    subjects_count: int
    chain_count: int
    memory_bytes: int


def dump_task(task: PackTask) -> bytes:
    """Return the task as bytes; they hold a secret."""
    return strict_json.dump(dataclasses.asdict(task))


def read_task(raw: bytes) -> PackTask:
    """Return the task in `raw`."""
    return PackTask(**strict_json.parse(raw))


def dump_made(made: MadePack) -> bytes:
    """Return the answer as bytes."""
    return strict_json.dump(dataclasses.asdict(made))


def read_made(raw: bytes) -> MadePack:
    """Return the answer in `raw`.

    Raises:
        ValueError: it is none.
    """
    said: Any = strict_json.parse(raw)
    try:
        return MadePack(**{**said, "disclosed": tuple(said["disclosed"])})
    except (KeyError, TypeError) as error:
        raise ValueError(f"not an answer: {error}") from None
