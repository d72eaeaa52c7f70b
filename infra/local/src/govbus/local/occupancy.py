"""One supervisor per data folder, and nothing left of a former one."""

import fcntl
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from govbus.local.layout import Home
from govbus.local.processes import ProcessIdentity, identity_of, is_alive, signal_one, wait_gone, with_descendants
from govbus.local.refusals import Refused
from govbus.local.secret_files import read_json, write_private_json

LEFTOVER_SECONDS = 15.0


@contextmanager
def occupied(home: Home) -> Iterator[None]:
    """Hold the data folder for as long as the block runs; the kernel lets go of it when we die.

    Raises:
        Refused: another supervisor holds it.
    """
    home.lock.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(home.lock, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            running = running_supervisor(home)
            who = f"process {running.pid}" if running else "another process"
            raise Refused(
                f"govbus runs already with the data folder {home.root} ({who}): `make down` stops it."
            ) from None
        yield
    finally:
        os.close(handle)


def record_supervisor(home: Home, state: str) -> None:
    """Write down who we are and how far we have come: `starting` or `ready`."""
    own = identity_of(os.getpid())
    if own is not None:
        write_private_json(home.supervisor, {**_document(own), "state": state})


def running_supervisor(home: Home) -> ProcessIdentity | None:
    """Return the supervisor of this folder when it is alive."""
    identity = _identity(read_json(home.supervisor) or {})
    return identity if identity is not None and is_alive(identity) else None


def supervisor_state(home: Home) -> str:
    """Return what the supervisor last wrote about itself."""
    return str((read_json(home.supervisor) or {}).get("state", "absent"))


def record_children(home: Home, children: dict[str, int]) -> None:
    """Write down every child by name, for whoever cleans up after us."""
    identities = {name: identity_of(pid) for name, pid in children.items()}
    write_private_json(home.children, {name: _document(known) for name, known in identities.items() if known})


def end_leftovers(home: Home) -> list[str]:
    """End what a killed supervisor (and its killed watchdog) left; return the names."""
    recorded = {name: _identity(entry) for name, entry in (read_json(home.children) or {}).items()}
    alive = {name: identity for name, identity in recorded.items() if identity is not None and is_alive(identity)}
    everyone = with_descendants(alive.values())
    for name, identity in alive.items():
        signal_one(identity, signal.SIGINT if name == "postgres" else signal.SIGTERM)
    for identity in wait_gone(everyone, LEFTOVER_SECONDS):
        signal_one(identity, signal.SIGKILL)
    wait_gone(everyone, LEFTOVER_SECONDS)
    _forget(home.children, home.supervisor, home.endpoints)
    return sorted(alive)


def _forget(*paths: Path) -> None:
    for path in paths:
        path.unlink(missing_ok=True)


def _document(identity: ProcessIdentity) -> dict[str, object]:
    return {"pid": identity.pid, "started_at_seconds": identity.started_at_seconds}


def _identity(document: object) -> ProcessIdentity | None:
    if not isinstance(document, dict):
        return None
    pid, started_at = document.get("pid"), document.get("started_at_seconds")
    return ProcessIdentity(pid, started_at) if isinstance(pid, int) and isinstance(started_at, float) else None
