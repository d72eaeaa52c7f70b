"""Jobs that run for as long as the process: a failure is said and counted, and never ends the job."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from govbus.eventing.error_words import describe
from govbus.eventing.metrics import Metrics

_log: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Job:
    """Something done every so often."""

    name: str
    interval_seconds: float
    do: Callable[[], Awaitable[None]]

    async def run(self, metrics: Metrics) -> None:
        """Do it until cancelled, also where a library takes the cancellation for its own and lets the job go on."""
        task = asyncio.current_task()
        while task is None or not task.cancelling():
            try:
                await self.do()
            except Exception as error:  # noqa: BLE001 - the next round may succeed
                metrics.job_failed(self.name)
                _log.warning("job %s failed: %s", self.name, describe(error))
            await asyncio.sleep(self.interval_seconds)
