"""Starts, limits and ends the processes that write exports; what they write passes through in small pieces."""

import asyncio
import contextlib
import logging
import os
import sys
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Final

from prometheus_client import CollectorRegistry, Gauge

from govbus.audit_log.domain.export import PARQUET
from govbus.audit_log.export_job import ExportJob, dump_job

_log: Final = logging.getLogger(__name__)

_PIECE_BYTES: Final = 64 * 1024
_STANDARD: Final = "govbus.audit_log.export_child"
_ARROW: Final = "govbus.audit_log.export_parquet_child"
_SETTINGS: Final = "GOVBUS_"
"""Variables that a writing process does not get: what it needs is in its job."""

_SAID_BYTES: Final = 500


class TooManyExports(Exception):
    """As many exports are being written as may be at once."""


class ExportFailed(Exception):
    """The writing process ended before the export was whole; why is in the log of this service."""


@dataclass(frozen=True, slots=True)
class _Writing:
    process: asyncio.subprocess.Process
    first: bytes


class Exporting:
    """The exports that this process has others write."""

    def __init__(self, count: int, first_seconds: float, registry: CollectorRegistry) -> None:
        """Let `count` be written at once, each with its first bytes within `first_seconds`."""
        self._count = count
        self._first_seconds = first_seconds
        self._writing: set[asyncio.subprocess.Process] = set()
        self._taken_count = 0
        # Exports being written. At the limit for long: somebody reads slowly, or asks too often.
        self._active = Gauge("govbus_log_exports_active", "Exports being written", registry=registry)

    async def begin(self, job: ExportJob) -> AsyncGenerator[bytes, None]:
        """Return the pieces of an export that has begun; leaving off reading them, or never reading, ends its process.

        Raises:
            TooManyExports: try again later.
            ExportFailed: nothing was written. Later, while the pieces are read: it is cut short.
        """
        if self._taken_count >= self._count:
            raise TooManyExports
        self._taken_count += 1
        self._active.set(self._taken_count)
        try:
            writing = await self._start(job)
        except BaseException:
            self._give_back()
            raise
        pieces = self._pieces(writing)
        await anext(pieces)
        return pieces

    async def close(self) -> None:
        """End what is still being written."""
        for process in tuple(self._writing):
            await _end(process)

    async def _start(self, job: ExportJob) -> _Writing:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            _ARROW if job.format == PARQUET else _STANDARD,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={name: value for name, value in os.environ.items() if not name.startswith(_SETTINGS)},
        )
        self._writing.add(process)
        try:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(dump_job(job))
            process.stdin.close()
            async with asyncio.timeout(self._first_seconds):
                first = await process.stdout.read(_PIECE_BYTES)
            if not first:
                await _check(process)
        except BaseException:
            await self._finish(process)
            raise
        return _Writing(process, first)

    async def _pieces(self, writing: _Writing) -> AsyncGenerator[bytes, None]:
        """Yield nothing once, so that it has begun (what never began, Python does not end), then every piece."""
        process, piece = writing.process, writing.first
        try:
            assert process.stdout is not None
            yield b""
            while piece:
                yield piece
                piece = await process.stdout.read(_PIECE_BYTES)
            await _check(process)
        finally:
            await self._finish(process)
            self._give_back()

    async def _finish(self, process: asyncio.subprocess.Process) -> None:
        self._writing.discard(process)
        await _end(process)

    def _give_back(self) -> None:
        self._taken_count -= 1
        self._active.set(self._taken_count)


async def _check(process: asyncio.subprocess.Process) -> None:
    assert process.stderr is not None
    said = (await process.stderr.read(_SAID_BYTES)).decode("utf-8", "replace")
    if await process.wait():
        _log.error("an export was cut short: %s", said or f"exit code {process.returncode}")
        raise ExportFailed(said)


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
    await process.wait()
