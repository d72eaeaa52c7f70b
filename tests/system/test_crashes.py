"""The guarantee under SIGKILL and SIGSTOP: a short form in every test run, the long one with `make soak KILLS=200`."""

import logging
import os
import random
import shutil
import tempfile
from pathlib import Path

import pytest

from system.crash_run import CrashRun, Outcome, Size
from system.reporting import table, told
from system.schedule import ZOMBIE_FROM_KILLS_COUNT

SHORT = Size(facts_count=1000, subjects_count=60, kills_count=12, quiet_seconds=90)
LONG_FACTS_COUNT, FACTS_PER_KILL_COUNT = 5000, 40


def chosen_size() -> Size:
    """The short form, unless `GOVBUS_SOAK_KILLS` says how many kills."""
    kills_count = int(os.environ.get("GOVBUS_SOAK_KILLS", "0"))
    if not kills_count:
        return SHORT
    facts_count = max(LONG_FACTS_COUNT, FACTS_PER_KILL_COUNT * kills_count)
    return Size(facts_count, 200, kills_count, quiet_seconds=300)


def chosen_seed() -> int:
    """`GOVBUS_SYSTEM_SEED` replays a run; otherwise every run is another one."""
    return int(os.environ.get("GOVBUS_SYSTEM_SEED") or random.SystemRandom().randrange(1_000_000))


def misses(outcome: Outcome) -> list[str]:
    """Return why the run proves too little, whatever it found."""
    hits, size = outcome.hits, outcome.size
    claims = (
        (hits.kills.total() >= size.kills_count, f"only {hits.kills.total()} kills"),
        (hits.in_flight.total() >= size.kills_count // 3, f"only {hits.in_flight.total()} kills hit work in flight"),
        (hits.cut_off_count > 0, "no frozen transaction was cut off"),
        (hits.rebalances_count > 0, "no rebalance happened"),
        (
            hits.taken_over_count > 0 or size.kills_count < ZOMBIE_FROM_KILLS_COUNT,
            "nothing was taken over from a zombie",
        ),
        (outcome.figures["duplicates on Kafka"] > 0, "no duplicate reached Kafka"),
    )
    return [sentence for holds, sentence in claims if not holds]


@pytest.mark.system
@pytest.mark.timeout(7200)
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # aiokafka's tasks of a killed broker
async def test_killed_services_and_servers_lose_repeat_and_reorder_nothing(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL, logger="aiokafka")
    seed, size = chosen_seed(), chosen_size()
    home = Path(tempfile.mkdtemp(prefix="govbus-system-"))
    verbose = "GOVBUS_SOAK_KILLS" in os.environ

    def say(what: str) -> None:
        with (home / "run.log").open("a", encoding="utf-8") as log:
            log.write(what + "\n")
        if verbose:
            with capsys.disabled():
                print(what, flush=True)  # noqa: T201 - a long run shows that it lives

    say(f"seed {seed}")
    where = f"seed {seed} (GOVBUS_SYSTEM_SEED={seed} replays it), data and logs in {home}"
    try:
        outcome = await CrashRun(home, seed, size, say).go()
    except BaseException as failed:
        failed.add_note(where)
        raise
    with capsys.disabled():
        print(f"\n{table(outcome)}", flush=True)  # noqa: T201 - what was hit is the result
    assert not outcome.differences, f"{where}\n{told(outcome.differences)}"
    assert not misses(outcome), f"{where}: {'; '.join(misses(outcome))}"
    shutil.rmtree(home)
