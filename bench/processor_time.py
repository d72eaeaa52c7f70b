"""Processor time that intake and what it stands on have used: a busy machine changes it far less than the clock.

It is not untouched: two threads of one core slow each other down, so that it grows by half on a machine that is full.
"""

import os
from collections import defaultdict
from pathlib import Path
from typing import Final

from bench.running_intake import RunningIntake

_TICKS_PER_SECOND: Final = os.sysconf("SC_CLK_TCK")
_PARENT, _USER_TICKS, _SYSTEM_TICKS = 1, 11, 12
"""Places in /proc/<pid>/stat behind the name. Source: proc_pid_stat(5)."""

_OF_INTAKE: Final = b"govbus_intake"

Used = dict[tuple[str, int], float]
"""Seconds by part and process: a session that ended between two looks counts for nothing."""


def used_seconds(intake: RunningIntake) -> Used:
    """Return seconds of processor time by part and process; PostgreSQL's are those of intake's own sessions."""
    parts = {intake.pid: "intake", intake.kafka_pid: "Kafka"}
    for pid, parent in _parents().items():
        if parent == intake.pid:
            parts[pid] = "its readers"
        elif parent == intake.postgres_pid and _OF_INTAKE in _command(pid):
            parts[pid] = "PostgreSQL"
    return {(part, pid): _ticks(pid) / _TICKS_PER_SECOND for pid, part in parts.items()}


def per_event(before: Used, after: Used, events_count: int) -> str:
    """Return in words how many microseconds each part used per event."""
    spent: defaultdict[str, float] = defaultdict(float)
    for (part, pid), seconds in after.items():
        spent[part] += seconds - before.get((part, pid), 0.0)
    return ", ".join(f"{part} {seconds / events_count * 1e6:.0f} µs" for part, seconds in sorted(spent.items()))


def load() -> str:
    """Return in words how busy the machine is."""
    return f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors"


def _parents() -> dict[int, int]:
    found = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal() and (fields := _fields(int(folder.name))):
            found[int(folder.name)] = int(fields[_PARENT])
    return found


def _ticks(pid: int) -> int:
    fields = _fields(pid)
    return int(fields[_USER_TICKS]) + int(fields[_SYSTEM_TICKS]) if fields else 0


def _fields(pid: int) -> list[str]:
    """Return a process's state, parent, … ; nothing for one that has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""
