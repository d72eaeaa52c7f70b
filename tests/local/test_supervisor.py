"""What dies is started again, said aloud; what is killed leaves nothing running."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from govbus.local.processes import ProcessIdentity, identity_of, is_alive, with_descendants

pytestmark = pytest.mark.processes

SCRIPT = Path(__file__).with_name("two_children.py")
TIMEOUT_SECONDS = 30.0


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not come to be in time"
        time.sleep(0.05)


class Running:
    """A supervisor in a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with (folder / "words").open("wb") as words:
            self.process = subprocess.Popen([sys.executable, SCRIPT, folder], stdout=words, stderr=words)
        wait_until(lambda: (folder / "grandchild").exists() and "sleeper" in self.pids())

    def pids(self) -> dict[str, int]:
        """Names and pids as the supervisor wrote them down."""
        try:
            known: dict[str, int] = json.loads((self.folder / "pids.json").read_text())
        except (FileNotFoundError, ValueError):
            return {}
        return known

    def everyone(self) -> list[ProcessIdentity]:
        """All processes that must be gone in the end: children, their children, the watchdog."""
        own = identity_of(self.process.pid)
        found = with_descendants([own] if own else [])
        return [identity for identity in found if identity != own]

    @property
    def words(self) -> str:
        """What was said."""
        return (self.folder / "words").read_text()


@pytest.fixture
def running() -> Iterator[Running]:
    folder = Path(tempfile.mkdtemp(prefix="govbus-sup-"))
    started = Running(folder)
    yield started
    started.process.kill()
    started.process.wait()
    shutil.rmtree(folder, ignore_errors=True)


def test_a_killed_supervisor_leaves_no_orphan(running: Running) -> None:
    everyone = running.everyone()
    grandchild = int((running.folder / "grandchild").read_text())
    assert grandchild in {identity.pid for identity in everyone}
    running.process.kill()
    running.process.wait()
    wait_until(lambda: not any(is_alive(identity) for identity in everyone))


def test_a_killed_supervisor_ends_even_a_frozen_child(running: Running) -> None:
    everyone = running.everyone()
    os.kill(running.pids()["sleeper"], signal.SIGSTOP)
    running.process.kill()
    running.process.wait()
    wait_until(lambda: not any(is_alive(identity) for identity in everyone))


@pytest.mark.parametrize("name", ["sleeper", "postgres"])
def test_what_dies_is_started_again_and_said_aloud(running: Running, name: str) -> None:
    before = running.pids()[name]
    os.kill(before, signal.SIGKILL)
    wait_until(lambda: running.pids().get(name, before) != before)
    assert f"{name} was killed by SIGKILL; starting it again in 0.5 s." in running.words


def test_a_killed_watchdog_is_replaced(running: Running) -> None:
    def watchdogs() -> list[psutil.Process]:
        children = psutil.Process(running.process.pid).children()
        living = [child for child in children if child.status() != psutil.STATUS_ZOMBIE]
        return [child for child in living if "govbus.local.watchdog" in child.cmdline()]

    first = watchdogs()[0]
    first.kill()
    wait_until(lambda: any(other.pid != first.pid for other in watchdogs()))
    everyone = running.everyone()
    running.process.kill()
    running.process.wait()
    wait_until(lambda: not any(is_alive(identity) for identity in everyone))
