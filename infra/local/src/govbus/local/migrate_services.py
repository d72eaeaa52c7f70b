"""Migrates databases in a process of its own: alembic's imports cost a second that an unchanged start does not pay.

Run as `python -m govbus.local.migrate_services`; reads `[[folder, owner URL], …]` as JSON from its standard input,
so that no password is among its arguments. `govbus.local.migrating` starts it.
"""

import json
import sys
from pathlib import Path

from govbus.local.migrations import migrate
from govbus.local.refusals import Refused


def main() -> None:
    """Migrate what the standard input lists; a refusal is the last line of the standard error."""
    try:
        for folder, owner_dsn in json.load(sys.stdin):
            migrate(Path(folder), owner_dsn)
    except Refused as refused:
        print(refused, file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
