"""`govbus log succeed`: begins an empty log as another's successor; `python -m govbus.audit_log.succeed` as well."""

import argparse
import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from prometheus_client import CollectorRegistry
from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError

from govbus.audit_log.domain.closing import (
    ENDED_CLOSED,
    ENDINGS,
    Predecessor,
    PredecessorRejected,
    check_succession,
    draft_successor,
    predecessor_of,
)
from govbus.audit_log.domain.consistency import Inconsistent
from govbus.audit_log.given_keys import given_keys
from govbus.audit_log.handlers import Sequencer
from govbus.audit_log.keys import LogKeys, load_keys
from govbus.audit_log.settings import Settings
from govbus.audit_log.standing import Standing
from govbus.audit_log.store.appending import lock_head
from govbus.contracts.identity import fresh_id
from govbus.contracts.translog.vkey import KeyRejected
from govbus.eventing.database import new_engine
from govbus.eventing.error_words import describe
from govbus.eventing.manifest import StartRefused

OK: Final = 0
REFUSED: Final = 1
USAGE: Final = 2
UNREACHABLE: Final = 3


def succeed(*, predecessor: Path, key: tuple[str, ...], reason: str, ended: str = ENDED_CLOSED) -> int:
    """Begin this machine's empty log as the successor of another: its first entry names it and its last checkpoint.

    Run it with the settings (GOVBUS_…) of the new log, which has an origin, a key and a database of its own, before
    its service is started for the first time.

    Parameters
    ----------
    predecessor
        The file that `govbus log close` wrote; of a log whose key is lost, its last checkpoint that was seen outside.
    key
        vkey of the predecessor, or a file with vkeys; may be repeated.
    reason
        Why, in a sentence; everybody will read it.
    ended
        How the predecessor ended: closed, key_lost or key_stolen.
    """
    if ended not in ENDINGS:
        return _failed(USAGE, f"--ended is one of {', '.join(ENDINGS)}")
    try:
        given = predecessor_of(predecessor.read_bytes(), given_keys(key))
        asyncio.run(begin_log(Settings(), given, ended, reason))
    except ValidationError as error:
        names = ", ".join("GOVBUS_" + "_".join(map(str, item["loc"])).upper() for item in error.errors())
        return _failed(USAGE, f"run it with the settings of the new audit log: {names}")
    except (StartRefused, KeyRejected) as error:
        return _failed(USAGE, str(error))
    except (Inconsistent, PredecessorRejected) as error:
        return _failed(REFUSED, str(error))
    except (OSError, SQLAlchemyError) as error:
        return _failed(UNREACHABLE, f"cannot reach what it needs: {describe(error)}")
    signed = given.checkpoint
    sys.stdout.write(f"The log begins after {signed.origin} of {signed.size} entries. Start its service.\n")
    return OK


async def begin_log(settings: Settings, predecessor: Predecessor, ended: str, reason: str) -> None:
    """Enter the first entry.

    Raises:
        PredecessorRejected: the predecessor names another successor, or has the same origin.
        Inconsistent: the log is not empty.
        KeyUnusable: the new log has no key yet.
    """
    keys: LogKeys = load_keys(settings)
    check_succession(predecessor, ended, keys.signing)
    registry = CollectorRegistry()
    standing = Standing(registry)
    standing.compared()  # an empty log is behind no copy of its own
    engine = new_engine(settings)
    draft = draft_successor(keys.origin, predecessor, ended, reason, datetime.now(UTC), fresh_id())
    try:
        async with engine.begin() as connection:
            size = (await lock_head(connection)).compact.size
            if size:
                raise Inconsistent(f"{keys.origin} has {size} entries: only a log's first entry names a predecessor")
            await Sequencer(standing, registry).enter(connection, [draft])
    finally:
        await engine.dispose()


def _failed(code: int, sentence: str) -> int:
    sys.stderr.write(f"govbus: {sentence}\n")
    return code


def main() -> None:
    """Run the command of this module."""
    parser = argparse.ArgumentParser(prog="python -m govbus.audit_log.succeed", description=succeed.__doc__)
    parser.add_argument("--predecessor", required=True, type=Path)
    parser.add_argument("--key", required=True, action="append")
    parser.add_argument("--reason", required=True)
    parser.add_argument("--ended", default=ENDED_CLOSED)
    asked = parser.parse_args()
    found = succeed(predecessor=asked.predecessor, key=tuple(asked.key), reason=asked.reason, ended=asked.ended)
    sys.exit(found)


if __name__ == "__main__":
    main()
