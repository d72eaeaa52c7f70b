"""Checks the whole log with its own credentials: `python -m govbus.audit_log.fsck`; exit code 1 when it is not sound.

`--lines` writes progress as lines of JSON, which is how the service runs it beside itself. The result is kept in the
database either way.
"""

import asyncio
import os
import sys
from datetime import UTC, datetime
from typing import Final

from govbus.audit_log.examining import Examination, Examined
from govbus.audit_log.keys import load_keys
from govbus.audit_log.outside import CopyPlace
from govbus.audit_log.published import PublishedCheckpoints
from govbus.audit_log.settings import Settings
from govbus.audit_log.store.examination import Run, keep_run, try_alone
from govbus.contracts import strict_json
from govbus.contracts.identity import fresh_id
from govbus.eventing.database import new_engine

_NICENESS: Final = 10
"""The service's own work comes first on the processor."""

_BUSY: Final = 75


class Busy(Exception):
    """Another examination of the same log is going on."""


async def fsck(settings: Settings, *, lines: bool = False) -> Examined:
    """Examine the log of these settings and keep the result.

    Raises:
        Busy: another examination is going on.
    """
    started_at = datetime.now(UTC)
    engine = new_engine(settings)
    try:
        async with engine.connect() as alone:
            if not await try_alone(alone):
                raise Busy("Another examination of this log is going on.")
            await alone.rollback()
            found = await Examination(
                engine,
                load_keys(settings).believed,
                [CopyPlace(url) for url in settings.copies],
                PublishedCheckpoints(settings) if settings.audit_log_compare_topic else None,
                owner_guard=settings.audit_log_owner_guard,
                progress=_say if lines else lambda _examined, _size: None,
            ).run()
            async with engine.begin() as connection:
                await keep_run(connection, _run(found, started_at))
    finally:
        await engine.dispose()
    return found


def main() -> None:
    """Print what was found."""
    os.nice(_NICENESS)
    lines = "--lines" in sys.argv[1:]
    try:
        found = asyncio.run(fsck(Settings(), lines=lines))
    except Busy as busy:
        sys.stderr.write(f"{busy}\n")
        sys.exit(_BUSY)
    if not lines:
        for fault in found.faults:
            sys.stderr.write(f"WRONG: {fault}\n")
        for notice in found.notices:
            sys.stderr.write(f"note: {notice}\n")
        sys.stdout.write(
            f"{found.size} entries, {found.checkpoint_count} checkpoints, guards {found.guards_sha256}: "
            f"{found.fault_count} faults\n"
        )
    sys.exit(1 if found.fault_count else 0)


def _say(examined: int, size: int) -> None:
    sys.stdout.write(strict_json.dump({"examined": examined, "size": size}).decode() + "\n")
    sys.stdout.flush()


def _run(found: Examined, started_at: datetime) -> Run:
    return Run(
        fresh_id(),
        started_at,
        datetime.now(UTC),
        found.size,
        found.checkpoint_count,
        found.guards_sha256,
        found.fault_count,
        found.faults,
        found.notices,
    )


if __name__ == "__main__":
    main()
