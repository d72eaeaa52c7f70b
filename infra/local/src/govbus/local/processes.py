"""Processes by identity: a pid counts only together with its start time, since pids are used again."""

import contextlib
import os
import signal
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import psutil

_START_TIME_AFTER_NAME = 19
"""Field 22 of stat, counted from behind the name, which may hold spaces."""


@dataclass(frozen=True, slots=True)
class ProcessIdentity:
    """One process of this machine since it was booted; `started_at_seconds` is the kernel's figure."""

    pid: int
    started_at_seconds: float


def identity_of(pid: int) -> ProcessIdentity | None:
    """Return who has `pid` now, or None when nobody (or only a zombie) has it."""
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        return ProcessIdentity(pid, _started_at_seconds(process))
    except (psutil.Error, OSError):
        return None


def _started_at_seconds(process: psutil.Process) -> float:
    """Return when a process started, by a clock that nobody sets.

    On Linux seconds since boot, as the kernel keeps them (proc(5), stat, field 22): psutil adds the time of the boot,
    which moves when the clock is corrected, so that another process would not recognise this one.
    """
    stat = Path(f"/proc/{process.pid}/stat")
    if not stat.exists():
        return process.create_time()
    after_name = stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    return int(after_name[_START_TIME_AFTER_NAME]) / os.sysconf("SC_CLK_TCK")


def is_alive(identity: ProcessIdentity) -> bool:
    """Say whether exactly this process still runs."""
    return identity_of(identity.pid) == identity


def signal_one(identity: ProcessIdentity, number: signal.Signals) -> None:
    """Send a signal to exactly this process; nothing happens when it is gone."""
    if is_alive(identity):
        with contextlib.suppress(ProcessLookupError):
            os.kill(identity.pid, number)


def with_descendants(identities: Iterable[ProcessIdentity]) -> list[ProcessIdentity]:
    """Return the processes that still run and all they have started."""
    found: dict[int, ProcessIdentity] = {}
    for identity in identities:
        if not is_alive(identity):
            continue
        found[identity.pid] = identity
        with contextlib.suppress(psutil.Error):
            for child in psutil.Process(identity.pid).children(recursive=True):
                known = identity_of(child.pid)
                if known is not None:
                    found[known.pid] = known
    return list(found.values())


def wait_gone(identities: Iterable[ProcessIdentity], timeout_seconds: float) -> list[ProcessIdentity]:
    """Wait until all are gone; return those that are not."""
    handles = [psutil.Process(identity.pid) for identity in identities if is_alive(identity)]
    psutil.wait_procs(handles, timeout=timeout_seconds)
    return [identity for identity in identities if is_alive(identity)]
