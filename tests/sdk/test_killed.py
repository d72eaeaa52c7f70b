"""A platform that is killed again and again while it emits and sends loses nothing and says nothing twice."""

import os
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path

import pytest

from backends.running import CHECKOUT
from govbus.sdk import Emitter
from sdk.desk import SOURCE, IntakeDesk

LIVES_COUNT = 8
FLUSH_SECONDS = 60.0


def _live_and_die(life: int, first: int, lives_seconds: float) -> list[str]:
    """Run the program, kill it, and return what it said after `emit` had returned."""
    program = Path(__file__).with_name("emitting_until_killed.py")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(CHECKOUT / "tests"), *sys.path])}
    arguments = [sys.executable, str(program), str(life), str(first)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, env=environment, text=True) as child:
        assert child.stdout is not None
        begun = [child.stdout.readline()]
        time.sleep(lives_seconds)
        child.kill()
        said = [line.strip() for line in begun + child.stdout.readlines() if line.endswith("\n")]
    assert child.returncode == -9
    return said


@pytest.mark.processes
def test_killed_in_the_middle_everything_that_emit_returned_for_is_accepted_once_and_in_order(
    intake: IntakeDesk,
) -> None:
    said: list[str] = []
    for life in range(LIVES_COUNT):
        said += _live_and_die(life, len(said) + life * 1000, 0.05 + 0.1 * life)
    with Emitter(source=SOURCE) as emitter:
        assert emitter.flush(FLUSH_SECONDS).done
        assert emitter.status().refused_count == 0

    accepted = intake.accepted()
    ids = [event.id for event in accepted]
    assert len(ids) == len(set(ids))
    assert set(said) <= set(ids)
    unsaid = set(ids) - set(said)
    assert len(unsaid) <= LIVES_COUNT, "only the event under way at each kill may be there unsaid"
    by_subject = defaultdict(list)
    for event in accepted:
        by_subject[event.subject].append(event.json()["version"])
    assert len(by_subject) == 10
    assert all(versions == sorted(versions) for versions in by_subject.values())
