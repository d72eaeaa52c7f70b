"""Has the whole log examined on schedule, by a process beside this one, and shows how far it is and what it found."""

import asyncio
import contextlib
import json
import logging
import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from prometheus_client import CollectorRegistry, Gauge
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine

from govbus.audit_log.settings import Settings
from govbus.audit_log.store.examination import Run, last_run
from govbus.audit_log.store.guards import read_guards
from govbus.contracts import strict_json

_log: Final = logging.getLogger(__name__)

LOOK_SECONDS: Final = 5.0
"""How soon an examination that was asked for begins."""

_OWN: Final = "GOVBUS_"
_SAID_BYTES: Final = 2_000


class FsckSchedule:
    """One process that examines at a time, here and, by a lock of the database, everywhere."""

    def __init__(
        self, settings: Settings, engine: AsyncEngine, clock: Callable[[], datetime], registry: CollectorRegistry
    ) -> None:
        """Take how the log is reached; nothing starts before `round`."""
        self._settings = settings
        self._engine = engine
        self._clock = clock
        self._asked = False
        self.examined_and_size: tuple[int, int] | None = None
        # Faults of the last examination. Above 0: page; `GET /v1/ops/audit_log/fsck` names them.
        self._faults = Gauge("govbus_log_fsck_faults", "Faults that the last fsck found", registry=registry)
        # When the last examination ended, Unix seconds. Older than two intervals: nobody examines.
        self._finished = Gauge("govbus_log_fsck_finished_seconds", "When the last fsck ended", registry=registry)
        # Entries that the running examination has read; 0 while none runs.
        self._examined = Gauge("govbus_log_fsck_examined_entries", "Entries the running fsck read", registry=registry)
        # 1 while the event triggers stop the owner of the tables. 0: only rights and triggers do, see decision 0033.
        self._owner = Gauge("govbus_log_owner_guard", "Whether event triggers stop the owner", registry=registry)

    def ask(self) -> None:
        """Have an examination begin within `LOOK_SECONDS`."""
        self._asked = True

    async def last(self) -> Run | None:
        """Return the newest result, whoever examined."""
        async with self._engine.connect() as connection:
            return await last_run(connection)

    async def round(self) -> None:
        """Examine if it is time or somebody asked, and bring the metrics up to date."""
        found = await self.last()
        if self._asked or self._is_due(found):
            self._asked = False
            await self._examine()
            found = await self.last()
        if found is not None:
            self._faults.set(found.fault_count)
            self._finished.set(found.finished_at.timestamp())

    async def look_at_owner_guard(self) -> None:
        """Bring up to date whether the event triggers are there."""
        async with self._engine.connect() as connection:
            self._owner.set((await read_guards(connection)).stops_the_owner)

    def _is_due(self, found: Run | None) -> bool:
        seconds = self._settings.audit_log_fsck_interval_seconds
        if not seconds:
            return False
        return found is None or self._clock() - found.finished_at.astimezone(UTC) >= timedelta(seconds=seconds)

    async def _examine(self) -> None:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "govbus.audit_log.fsck",
            "--lines",
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=environment_of(self._settings),
        )
        try:
            assert process.stdout is not None
            assert process.stderr is not None
            async for line in process.stdout:
                self._show(line)
            said = (await process.stderr.read(_SAID_BYTES)).decode("utf-8", "replace").strip()
            code = await process.wait()
            if code not in (0, 1):
                _log.warning("fsck ended with %d: %s", code, said.splitlines()[-1] if said else "without a word")
            elif code == 1:
                _log.error("fsck found faults: see GET /v1/ops/audit_log/fsck")
        finally:
            self.examined_and_size = None
            self._examined.set(0)
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()

    def _show(self, line: bytes) -> None:
        with contextlib.suppress(strict_json.InvalidJson, KeyError, TypeError):
            said = strict_json.parse(line)
            self.examined_and_size = (int(said["examined"]), int(said["size"]))
            self._examined.set(self.examined_and_size[0])


def environment_of(settings: Settings) -> dict[str, str]:
    """Return the environment in which another process reads these settings; secrets go this way and no other."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(_OWN)}
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        if isinstance(value, SecretStr):
            value = value.get_secret_value()
        if value is not None:
            text = json.dumps(value) if isinstance(value, bool | tuple | list) else str(value)
            environment[_OWN + name.upper()] = text
    return environment
