"""A relay that is stuck is not ready; one that is only busy is."""

import httpx2
from sqlalchemy.ext.asyncio import AsyncEngine

from eventing.probe import Probe, event, record
from govbus.eventing.outflow import Outflow
from govbus.eventing.service import Service
from govbus.eventing.settings import ServiceSettings

STALLED_AFTER_SECONDS = 30.0


class Clock:
    """Seconds that pass when told to."""

    now_seconds = 1000.0

    def __call__(self) -> float:
        return self.now_seconds


async def _drop_oldest(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.exec_driver_sql("DELETE FROM eventing_outbox WHERE id = (SELECT min(id) FROM eventing_outbox)")


async def test_an_outbox_that_stands_still_is_told_and_one_that_moves_is_not(probe: Probe, engine: AsyncEngine) -> None:
    clock = Clock()
    outflow = Outflow(engine, STALLED_AFTER_SECONDS, clock)
    await outflow.look()
    assert outflow.problems() == []
    await probe.runner.run([record(offset, event(str(offset))) for offset in range(3)])
    for _ in range(2):
        await outflow.look()
        clock.now_seconds += STALLED_AFTER_SECONDS
        assert outflow.problems() == []
        await _drop_oldest(engine)
    await outflow.look()
    clock.now_seconds += STALLED_AFTER_SECONDS + 1
    await outflow.look()
    assert "nothing has left the outbox for 31 s" in outflow.problems()[0]
    await _drop_oldest(engine)
    await outflow.look()
    assert outflow.problems() == []


async def test_readiness_names_a_stuck_relay(probe: Probe, probe_settings: ServiceSettings) -> None:
    service = Service("inventory", probe_settings.model_copy(update={"stalled_after_seconds": 0.0}))
    transport = httpx2.ASGITransport(service.app())
    await probe.runner.run([record(0, event("0"))])
    [look] = [job for job in service._all_jobs() if job.name == "outbox"]
    await look.do()
    async with httpx2.AsyncClient(transport=transport, base_url="http://probe") as client:
        answer = await client.get("/readyz")
    await service.engine.dispose()
    assert answer.status_code == 503
    assert "nothing has left the outbox" in answer.json()["detail"]
