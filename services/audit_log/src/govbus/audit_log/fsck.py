"""Checks the whole log from its database alone: `python -m govbus.audit_log.fsck`; exit code 1 when it is not sound."""

import asyncio
import sys

from govbus.audit_log.examining import Examined, examine
from govbus.audit_log.keys import load_keys
from govbus.audit_log.settings import Settings
from govbus.eventing.database import new_engine


async def fsck(settings: Settings) -> Examined:
    """Examine the log of these settings."""
    engine = new_engine(settings)
    try:
        return await examine(engine, load_keys(settings).believed)
    finally:
        await engine.dispose()


def main() -> None:
    """Print what was found."""
    found = asyncio.run(fsck(Settings()))
    for fault in found.faults:
        sys.stderr.write(f"WRONG: {fault}\n")
    sys.stdout.write(
        f"{found.size} entries, {found.checkpoint_count} checkpoints, guards {found.guards_sha256}: "
        f"{len(found.faults)} faults\n"
    )
    sys.exit(1 if found.faults else 0)


if __name__ == "__main__":
    main()
