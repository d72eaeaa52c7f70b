"""Freezes the schemas of new event types and minors: `python -m govbus.contracts.freezing contracts/schemas`.

A frozen file is never overwritten: a changed payload needs a new minor (compatible both ways) or a new major.
"""

import sys
from pathlib import Path

from govbus.contracts.all_events import TYPES
from govbus.contracts.schemas import schema_path, schema_text


class FrozenSchemaChanged(ValueError):
    """Payload classes that no longer say what their frozen schemas say."""


def freeze(folder: Path) -> tuple[Path, ...]:
    """Write the schemas that are not frozen yet and return their paths.

    Raises:
        FrozenSchemaChanged: names every type whose frozen schema differs; nothing is written then.
    """
    wanted = {schema_path(folder, declared): schema_text(declared) for declared in TYPES}
    changed = [path for path, text in wanted.items() if path.exists() and path.read_text(encoding="utf-8") != text]
    if changed:
        names = ", ".join(f"{path.parent.name} {path.stem}" for path in changed)
        raise FrozenSchemaChanged(f"frozen and changed: {names}; declare a new minor in @event_type, or a new major")
    new = tuple(path for path in wanted if not path.exists())
    for path in new:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(wanted[path], encoding="utf-8")
    return new


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
    sys.stdout.writelines(f"frozen {path}\n" for path in new)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
