"""Jobs end when they are told to, whatever becomes of the cancellation on its way."""

import asyncio

from prometheus_client import CollectorRegistry

from govbus.eventing.background import Job
from govbus.eventing.metrics import Metrics


async def test_a_job_ends_although_a_library_swallowed_its_cancellation() -> None:
    begun = asyncio.Event()

    async def swallow() -> None:
        begun.set()
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            return

    running = asyncio.create_task(Job("swallowing", 0.001, swallow).run(Metrics(CollectorRegistry())))
    await begun.wait()
    running.cancel()
    done, _ = await asyncio.wait([running], timeout=5)
    assert done, "the job went on"
