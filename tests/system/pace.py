"""How much may have been said by now: the killer lets facts out as it goes, so that every kill falls into load."""

import asyncio
from typing import Final

_STEPS_COUNT: Final = 20


class Pace:
    """A gate that opens from 0 to 1 and never closes again."""

    def __init__(self) -> None:
        """Start shut."""
        self._open_ratio = 0.0
        self._changed = asyncio.Condition()

    async def open_to(self, ratio: float) -> None:
        """Let out everything up to `ratio` of what each feeder has."""
        async with self._changed:
            self._open_ratio = max(self._open_ratio, ratio)
            self._changed.notify_all()

    async def trickle(self, from_ratio: float, to_ratio: float, seconds: float) -> None:
        """Open from one ratio to another in small steps, so that there is work all the while."""
        for step in range(1, _STEPS_COUNT + 1):
            await self.open_to(from_ratio + (to_ratio - from_ratio) * step / _STEPS_COUNT)
            await asyncio.sleep(seconds / _STEPS_COUNT)

    async def wait_for(self, ratio: float) -> None:
        """Return once the gate is open that far."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._open_ratio >= ratio)
