"""`govbus log recover`: brings back what a restored log lacks; `python -m govbus.audit_log.recover` does the same."""

import argparse
import asyncio
import json as json_module
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from aiokafka.errors import KafkaError
from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError

from govbus.audit_log.domain.consistency import Inconsistent
from govbus.audit_log.domain.index_ranges import Range, count_of
from govbus.audit_log.keys import load_keys
from govbus.audit_log.originals import Originals
from govbus.audit_log.outside import CopyPlace
from govbus.audit_log.proving import Missing, Proving
from govbus.audit_log.recovering import Recovered, Recovery
from govbus.audit_log.republished import RepublishedLog
from govbus.audit_log.seeds import KeyUnusable
from govbus.audit_log.settings import Settings
from govbus.eventing.database import new_engine
from govbus.eventing.error_words import describe

OK: Final = 0
REFUSED: Final = 1
USAGE: Final = 2
UNREACHABLE: Final = 3
_SHOWN_COUNT: Final = 20
"""Ranges of lost payloads on the screen; the log's own entry lists more."""


def recover(*, apply: bool = False, json: bool = False) -> int:
    """Read what a restored log lacks from govbus.audit and prove it; with --apply store it. Signs nothing.

    Run it where the audit log runs, with its settings (GOVBUS_…), while the service has stopped or says that it is
    behind. Without --apply nothing is written.

    Parameters
    ----------
    apply
        Store what was proved. May be interrupted and run again.
    json
        Print one JSON object.
    """
    try:
        settings = Settings()
    except ValidationError as error:
        names = ", ".join("GOVBUS_" + "_".join(map(str, item["loc"])).upper() for item in error.errors())
        return _failed(USAGE, f"run it with the settings of the audit log: {names}", json=json)
    try:
        missing, recovered = asyncio.run(_recover(settings, apply=apply))
    except KeyUnusable as error:
        return _failed(USAGE, str(error), json=json)
    except Inconsistent as error:
        return _failed(REFUSED, str(error), json=json)
    except (OSError, KafkaError, SQLAlchemyError) as error:
        return _failed(UNREACHABLE, f"cannot reach what the log needs: {describe(error)}", json=json)
    sys.stdout.write(json_module.dumps(_as_json(missing, recovered)) + "\n" if json else _sentence(missing, recovered))
    return OK


async def _recover(settings: Settings, *, apply: bool) -> tuple[Missing, Recovered | None]:
    keys = load_keys(settings)
    engine, originals = new_engine(settings), Originals(settings)
    topic, places = RepublishedLog(settings), [CopyPlace(url) for url in settings.copies]
    try:
        missing = await Proving(engine, keys, topic, places).find()
        if not apply or missing.to_size == missing.from_size:
            return missing, None
        recovery = Recovery(engine, keys.origin, topic, originals, lambda: datetime.now(UTC))
        return missing, await recovery.apply(missing)
    finally:
        await originals.close()
        await engine.dispose()


def _sentence(missing: Missing, recovered: Recovered | None) -> str:
    newest = missing.newest
    outside = f"the newest checkpoint outside is of size {newest.size}" if newest else "no checkpoint outside is newer"
    if missing.to_size == missing.from_size:
        return f"Nothing is missing: the log has {missing.from_size} entries, and {outside}.\n"
    found = f"Entries {missing.from_size}..{missing.to_size - 1} were read from govbus.audit; {outside}.\n"
    roots = len([size for size in missing.notes if size > missing.from_size])
    found += f"Every root outside is the tree's: {roots} checkpoints.\n"
    if recovered is None:
        return found + "Nothing was written: run it again with --apply.\n"
    found += f"They are stored. Start the service: it compares, signs and goes on.\n{_lost(recovered.lost)}"
    return found + _actions(recovered.actions)


def _lost(ranges: Sequence[Range]) -> str:
    if not ranges:
        return "Every payload is back.\n"
    shown = ", ".join(f"{first}..{last}" if first != last else str(first) for first, last in ranges[:_SHOWN_COUNT])
    more = ", …" if len(ranges) > _SHOWN_COUNT else ""
    return (
        f"{count_of(ranges)} payloads were never published (confidential, personal or erased): their commitment keys "
        f"are lost with the restore. Entries {shown}{more}; the log's newest entry says so.\n"
    )


def _actions(indexes: Sequence[int]) -> str:
    if not indexes:
        return ""
    shown = ", ".join(map(str, indexes[:_SHOWN_COUNT])) + (", …" if len(indexes) > _SHOWN_COUNT else "")
    return (
        f"Entries {shown} erased, pruned or held something, and what is lost with their payloads. What was erased "
        "since the backup is back: repeat the erasures and holds since then from your own records.\n"
    )


def _as_json(missing: Missing, recovered: Recovered | None) -> dict[str, Any]:
    found: dict[str, Any] = {
        "from_size": missing.from_size,
        "to_size": missing.to_size,
        "checkpoints": len([size for size in missing.notes if size > missing.from_size]),
        "newest_outside_size": missing.newest.size if missing.newest else None,
        "applied": recovered is not None,
    }
    return (
        found
        if recovered is None
        else found
        | {
            "lost": [list(item) for item in recovered.lost],
            "actions": list(recovered.actions),
        }
    )


def _failed(code: int, sentence: str, *, json: bool) -> int:
    sys.stderr.write(f"govbus: {sentence}\n")
    if json:
        sys.stdout.write(json_module.dumps({"error": {"message": sentence, "exit_code": code}}) + "\n")
    return code


def main() -> None:
    """Run the command of this module."""
    parser = argparse.ArgumentParser(prog="python -m govbus.audit_log.recover", description=recover.__doc__)
    parser.add_argument("--apply", action="store_true")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    sys.exit(recover(apply=asked.apply, json=asked.json))


if __name__ == "__main__":
    main()
