"""fsck beside the service: on schedule, on demand, with progress and the last result where operators look."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from audit_log.desk import Desk, event, settings
from audit_log.tampering import tamper
from backends.running import RunningPostgres
from govbus.audit_log.fsck_schedule import environment_of
from govbus.audit_log.settings import Settings

ROUTE = "/v1/ops/audit_log/fsck"


async def _metric(desk: Desk, name: str) -> float:
    text = (await desk.client.get("/metrics")).text
    [line] = [line for line in text.splitlines() if line.startswith(f"{name} ")]
    return float(line.split()[1])


async def test_the_log_is_examined_once_a_day_and_whenever_somebody_asks(
    desk: Desk, postgres: RunningPostgres, log_dsn: str, tmp_path: Path
) -> None:
    await desk.enter(*(event(str(number)) for number in range(5)))
    await desk.sign()
    assert (await desk.get(ROUTE, "auditor")).json() == {"running": None, "last": None}
    await desk.do("fsck")
    first = (await desk.get(ROUTE, "auditor")).json()["last"]
    assert (first["sound"], first["size"], first["faults"]) == (True, 5, [])
    assert await _metric(desk, "govbus_log_fsck_faults") == 0
    await desk.do("fsck")
    assert (await desk.get(ROUTE, "auditor")).json()["last"]["id"] == first["id"]
    await tamper(postgres, log_dsn, "UPDATE entry SET subject = 'x' WHERE idx = 3")
    assert (await desk.send("POST", ROUTE, "operator")).status_code == 202
    await desk.do("fsck")
    second = (await desk.get(ROUTE, "auditor")).json()["last"]
    assert not second["sound"]
    assert "entry 3 is found by other words than it says" in second["faults"]
    assert await _metric(desk, "govbus_log_fsck_faults") == second["fault_count"]
    assert await _metric(desk, "govbus_log_fsck_finished_seconds") > 0
    again = Desk(settings(log_dsn, tmp_path, audit_log_fsck_interval_seconds=0))
    await again.do("fsck")
    assert (await again.get(ROUTE, "admin")).json()["last"] == second
    await again.close()


async def test_whether_the_owner_is_stopped_is_shown(desk: Desk, postgres: RunningPostgres, log_dsn: str) -> None:
    await desk.do("owner guard")
    assert await _metric(desk, "govbus_log_owner_guard") == 1
    await tamper(postgres, log_dsn, "DROP EVENT TRIGGER log_guard_changes", "DROP EVENT TRIGGER log_guard_rewrites")
    await desk.do("owner guard")
    assert await _metric(desk, "govbus_log_owner_guard") == 0


async def test_only_who_looks_after_the_log_asks_for_it(desk: Desk) -> None:
    for method in ("GET", "POST"):
        assert (await desk.send(method, ROUTE)).status_code == 401
        for role, status in (("viewer", 403), ("owner", 403), ("reviewer:privacy", 403)):
            assert (await desk.send(method, ROUTE, role)).status_code == status


def test_another_process_reads_the_same_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = settings(
        "postgresql+asyncpg://a:b@/c", tmp_path, audit_log_copies=("memory:///a",), audit_log_key=SecretStr("00")
    )
    environment = environment_of(made)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert Settings() == made
