"""Every real payload, damaged anywhere: its mapping reads it, ignores it or refuses it by name, and never fails."""

import copy
import json
from pathlib import Path
from random import Random
from typing import Any, Final

import pytest

from intake.mappings.reading import units
from interop.expected import FOLDER, captured_headers, read_expectations

pytestmark = [pytest.mark.interop, pytest.mark.timeout(240)]

FOLDERS: Final = sorted(path.stem for path in FOLDER.glob("*.yaml"))
DAMAGES_COUNT: Final = 40
"""Of each file; the same ones each time, so that what fails once fails again."""

SIZE_BYTES: Final = 100_000
"""Larger samples repeat what smaller ones hold, and take seconds each."""

PUT: Final[tuple[Any, ...]] = (
    None,
    True,
    0,
    -1,
    2**70,
    1e308,
    "",
    "\u4fe1\u7528\x7f",
    "9" * 5000,
    [],
    {},
    [None],
    {"": 1},
)


def damaged(value: Any, chance: Random) -> Any:
    """Return `value` with one of its parts dropped, replaced, nested into itself or doubled."""
    holder: Any = None
    place: Any = None
    found = whole = copy.deepcopy(value)
    while isinstance(found, dict | list) and found and (holder is None or chance.random() < 0.8):
        holder = found
        place = chance.choice(list(found) if isinstance(found, dict) else range(len(found)))
        found = found[place]
    if holder is None:
        return chance.choice(PUT)
    how = chance.randrange(4)
    if how == 0:
        del holder[place]
    elif how == 1:
        holder[place] = chance.choice(PUT)
    elif how == 2:
        holder[place] = chance.choice(([found], {"value": found}, [found, found]))
    else:
        holder[place] = str(found)
    return whole


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes()) if path.stat().st_size <= SIZE_BYTES else None
    except ValueError:
        return None


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_damaged_payload_has_an_outcome(samples: Path, folder: str) -> None:
    expected = read_expectations(folder)
    if expected.mapping is None:
        pytest.skip(f"{folder} is read by no mapping")
    chance = Random(folder)  # noqa: S311 - repeatable, nothing secret
    for name, file in expected.files.items():
        value = _json(samples / folder / name)
        if value is None or file.not_input:
            continue
        headers = captured_headers(samples / folder / name)[0] | file.headers
        for _ in range(DAMAGES_COUNT):
            payload = damaged(value, chance)
            for unit in units(expected.mapping, payload, headers=headers, stated=file.stated):
                assert unit.drafts or unit.ignored or unit.refused, (name, payload)
