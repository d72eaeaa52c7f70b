"""What the command prints: text for people, JSON for scripts; no stranger's control character reaches a terminal."""

import re
import sys
from collections.abc import Iterable, Sequence
from typing import Any, Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from govbus.contracts import strict_json

_CONTROL: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_WIDE_COLUMNS: Final = 400
"""Of a pipe, so that nothing is folded or cut for `grep`."""


def say(line: str) -> None:
    """Print one line."""
    sys.stdout.write(harmless(line) + "\n")


def say_error(line: str) -> None:
    """Print one line to standard error."""
    sys.stderr.write(harmless(line) + "\n")


def say_json(value: Any) -> None:
    """Print a JSON value on one line."""
    sys.stdout.buffer.write(strict_json.dump(value) + b"\n")
    sys.stdout.flush()


def say_table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, title: str | None = None) -> None:
    """Print a table; a cell that is None is empty."""
    table = Table(*columns, title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*(Text(harmless("" if cell is None else str(cell)), overflow="fold") for cell in row))
    wide = None if sys.stdout.isatty() else _WIDE_COLUMNS
    Console(file=sys.stdout, width=wide, highlight=False, soft_wrap=False).print(table)


def shown(value: Any) -> str | None:
    """Return a JSON value as a cell: texts as they are, lists of texts with commas, anything else as JSON."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ", ".join(value)
    return strict_json.dump(value).decode()


def harmless(text: str) -> str:
    """Return the text without what could move the cursor, change colours or turn the direction of writing."""
    return _CONTROL.sub("�", text)
