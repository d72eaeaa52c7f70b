"""`govbus log hold, lift, holds, erase, confirm, prune, fsck` against the real log."""

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Timer
from typing import Any

import pytest

from audit_log.desk import Desk, bearer, event
from audit_log.guarded import guarded_desk
from backends.running import RunningPostgres, aside
from govbus.audit_log.fsck import fsck
from govbus.audit_log.settings import Settings
from govbus.sdk.cli.program import run
from sdk.serving import serving

Command = Callable[..., Any]


@pytest.fixture
def log(
    alone: Path, postgres: RunningPostgres, service_database: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Settings]:
    """A served log of three entries."""
    desk = guarded_desk(postgres, service_database("audit_log"), alone)
    aside(lambda: asyncio.run(_fill(desk)))
    with serving(desk.app) as url:
        monkeypatch.setenv("GOVBUS_URL", url)
        yield desk.settings


async def _fill(desk: Desk) -> None:
    await desk.sign()
    await desk.enter(*(event(str(number), subject=f"model/retail/m{number}") for number in range(3)))
    await desk.sign()
    await desk.close()


@pytest.fixture
def command(log: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """`command("vera", "auditor", …)` runs a command as a person; returns exit code and JSON."""

    assert log.audit_log_eraser_postgres_url is not None

    def do(name: str, role: str, *arguments: str) -> tuple[int, Any]:
        token = bearer(name, role)["authorization"].removeprefix("Bearer ")
        monkeypatch.setenv("GOVBUS_TOKEN", token)
        capsys.readouterr()
        code = run(["log", *arguments, "--json"])
        return code, json.loads(capsys.readouterr().out or "null")

    return do


def test_two_people_erase_what_no_hold_covers(command: Command, capsys: pytest.CaptureFixture[str]) -> None:
    code, hold = command("olga", "operator", "hold", "--subject", "model/retail/m0", "--reason", "a case")
    assert (code, hold["state"]) == (0, "in_force")
    asked = command("adam", "admin", "erase", "--index", "0", "--index", "1", "--reason", "asked for")[1]
    assert command("vera", "auditor", "confirm", asked["id"])[1]["error"]["reason"] == "held"
    assert command("vera", "auditor", "lift", hold["id"], "--reason", "over")[1]["state"] == "lift_asked"
    assert command("vera", "auditor", "lift", hold["id"], "--reason", "over")[0] == 1
    assert run(["log", "holds", "--in-force"]) == 0
    assert hold["id"][:8] in capsys.readouterr().out
    assert command("walter", "auditor", "lift", hold["id"], "--reason", "over")[1]["state"] == "lifted"
    code, done = command("vera", "auditor", "confirm", asked["id"])
    assert (code, done["state"], done["erased_count"]) == (0, "erased", 2)
    assert command("vera", "auditor", "holds")[1]["items"][0]["state"] == "lifted"


def test_a_range_is_held_and_named(command: Command) -> None:
    code, hold = command("vera", "auditor", "hold", "--range", "0", "1", "--reason", "r")
    assert (code, hold["scope"]["ranges"]) == (0, [[0, 1]])


def test_fsck_waits_for_its_result_and_says_what_is_wrong_by_its_exit_code(
    command: Command, log: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("olga", "operator", "fsck", "--last")[0] == 2
    Timer(0.5, lambda: asyncio.run(fsck(log))).start()
    code, found = command("olga", "operator", "fsck")
    assert (code, found["sound"], found["size"]) == (0, True, 3)
    assert run(["log", "fsck", "--last"]) == 0
    assert "3 entries, 1 checkpoints" in capsys.readouterr().out


def test_what_is_due_is_said_before_it_is_pruned(command: Command, capsys: pytest.CaptureFixture[str]) -> None:
    code, due = command("olga", "operator", "prune", "--dry-run")
    assert (code, due["due"]) == (0, [])
    assert run(["log", "prune", "--dry-run"]) == 0
    assert "nothing is due" in capsys.readouterr().out
    assert command("olga", "operator", "prune")[1]["pruned_count"] == 0
    assert command("vera", "auditor", "prune")[0] == 1


def test_exactly_one_way_of_naming_entries_is_taken(command: Command) -> None:
    assert command("olga", "operator", "hold", "--reason", "r")[0] == 2
    assert command("olga", "operator", "hold", "--reason", "r", "--subject", "model/a/b", "--index", "1")[0] == 2
    assert command("adam", "admin", "erase", "--reason", "r")[0] == 2
