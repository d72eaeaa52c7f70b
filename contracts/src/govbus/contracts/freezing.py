"""Freezes the schemas of new event types and minors: `python -m govbus.contracts.freezing contracts/schemas`.

What a frozen file means never changes: a changed payload needs a new minor (compatible both ways) or a new major.
Its words, which mean something to people only, follow the payload class. Drafts are written as they are.
"""

import json
import sys
from collections.abc import Iterable
from pathlib import Path

from govbus.contracts.all_events import TYPES
from govbus.contracts.catalogue import EventType
from govbus.contracts.schemas import meaning, schema_of, schema_path, schema_text


class FrozenSchemaChanged(ValueError):
    """Payload classes that no longer say what their frozen schemas say."""


def freeze(folder: Path, types: Iterable[EventType] = TYPES) -> tuple[Path, ...]:
    """Write the schemas that are missing, worded otherwise, or drafts that changed; return their paths.

    Raises:
        FrozenSchemaChanged: names every type whose frozen schema means something else; nothing is written then.
    """
    wanted = {schema_path(folder, declared): declared for declared in types}
    changed = [path for path, declared in wanted.items() if path.exists() and not _may_write(path, declared)]
    if changed:
        names = ", ".join(f"{path.parent.name} {path.stem}" for path in changed)
        raise FrozenSchemaChanged(f"frozen and changed: {names}; declare a new minor in @event_type, or a new major")
    stale = tuple(path for path, declared in wanted.items() if _is_stale(path, declared))
    for path in stale:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(schema_text(wanted[path]), encoding="utf-8")
    return stale


def _may_write(path: Path, declared: EventType) -> bool:
    return declared.draft or meaning(json.loads(path.read_text(encoding="utf-8"))) == meaning(schema_of(declared))


def _is_stale(path: Path, declared: EventType) -> bool:
    return not path.exists() or path.read_text(encoding="utf-8") != schema_text(declared)


def main(arguments: list[str]) -> int:
    """Freeze into the folder given as only argument; 1 when a frozen schema changed, 2 for wrong usage."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m govbus.contracts.freezing <folder of schemas>\n")
        return 2
    try:
        new = freeze(Path(arguments[0]))
    except FrozenSchemaChanged as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.writelines(f"written {path}\n" for path in new)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
