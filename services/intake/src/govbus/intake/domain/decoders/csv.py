"""Decodes tables in CSV: every row with something in it becomes an object, none is lost, none is guessed at.

Source: RFC 4180, as Python's `csv` reads it.
"""

import csv
import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from typing import Any, Final

from govbus.intake.domain.refusals import Refused

ROWS_LIMIT: Final = 100_000
"""Rows of one table, empty ones included: the largest inventory known has some two thousand."""

CELLS_LIMIT: Final = 500_000
"""Cells of one table: each costs some hundred bytes once decoded, so a body of commas must end early."""

COLUMNS_LIMIT: Final = 1_000
"""Cells of one row: the widest table known has 62."""

SURPLUS: Final = "surplus_cells"
"""Where the cells stand that a row has beyond the header: it was cut apart wrongly, and is kept as it came."""

MISSING: Final = "missing_cells_count"
"""Where the number of cells stands that a row lacks; the cells themselves are absent, which is not empty."""

_OPTIONS: Final = frozenset({"encodings", "delimiter", "trim", "layouts", "ordinal", "digest", "filled"})
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_LINE: Final = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_BLANK: Final = re.compile(r"\s+")

Row = list[str]


def decode(raw: bytes, options: Mapping[str, Any]) -> Any:
    """Return `{header, layout, rows: [{column: cell}]}` of a table; cells are text, an empty one is "".

    A header that says a name twice numbers the later ones: `notes`, `notes#2`. Options, all optional:

    - `encodings`: tried in this order, a byte order mark taken off first; UTF-8 alone unless stated.
    - `delimiter`: one character, the comma unless stated.
    - `trim`: white space around cells is taken off, no-break space included.
    - `layouts`: `{name, header: {position: title}, columns: [name, …]}`: a table with as many columns as the layout and
      with these titles at these positions (from 0) gets its column names by position.
    - `ordinal`: `{column, of: [column, …]}`: adds the row's number, from 1, among the rows with equal cells there.
    - `digest`: adds a column of this name: SHA-256 over the cells of the row as they came.
    - `filled`: adds a column of this name: the row's named cells that are not empty, as an object.

    Raises:
        Refused: `invalid_utf8` or `undecodable`, no header, broken quoting, `too_large`.
    """
    unknown = set(options) - _OPTIONS
    if unknown:
        raise ValueError(f"the decoder csv has no option {min(unknown)!r}")
    rows = _rows(_text(raw, options.get("encodings", ("utf-8",))), options.get("delimiter", ","))
    header = next(rows, None)
    if header is None:
        raise Refused("undecodable", "the table is empty: its first row must name the columns")
    layout = _layout(header, options.get("layouts", ()))
    ordinal, digest, filled = options.get("ordinal"), options.get("digest"), options.get("filled")
    added = [name for name in (ordinal and ordinal["column"], digest, filled) if name]
    columns = _unique(layout["columns"] if layout else [cell.strip() for cell in header], added)
    trimmed = bool(options.get("trim"))
    taken = [_row(columns, cells, trimmed=trimmed, digest=digest) for cells in rows]
    if filled:
        for row in taken:
            row[filled] = {name: row[name] for name in columns if row.get(name)}
    if ordinal:
        _number(taken, ordinal)
    return {"header": header, "layout": layout["name"] if layout else None, "rows": taken}


def _text(raw: bytes, encodings: Sequence[str]) -> str:
    bare = raw.removeprefix(_BYTE_ORDER_MARK)
    for encoding in encodings:
        try:
            text = bare.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" in text:
            raise Refused("undecodable", "the table holds U+0000: it is no text, or text in UTF-16")
        return text
    reason = "invalid_utf8" if list(encodings) in (["utf-8"], ["utf-8-sig"]) else "undecodable"
    raise Refused(reason, f"the bytes are not {' or '.join(encodings)}")


def _rows(text: str, delimiter: str) -> Iterator[Row]:
    """Yield the rows that hold something, within the limits."""
    lines = (found.group() for found in _LINE.finditer(text))
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    rows_count = cells_count = 0
    try:
        for cells in reader:
            rows_count += 1
            cells_count += len(cells)
            if rows_count > ROWS_LIMIT + 1 or cells_count > CELLS_LIMIT or len(cells) > COLUMNS_LIMIT:
                limits = f"{ROWS_LIMIT} rows, {COLUMNS_LIMIT} columns and {CELLS_LIMIT} cells"
                raise Refused("too_large", f"a table may have {limits}: split it")
            if any(cells):
                yield cells
    except csv.Error as error:
        raise Refused("undecodable", f"line {reader.line_num} of the table: {error}") from None


def _layout(header: Row, layouts: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    titles = [_folded(cell) for cell in header]
    for layout in layouts:
        expected = {int(position): _folded(title) for position, title in layout["header"].items()}
        if len(titles) == len(layout["columns"]) and all(titles[at] == title for at, title in expected.items()):
            return layout
    return None


def _folded(title: str) -> str:
    return _BLANK.sub(" ", title).strip().casefold()


def _unique(names: Sequence[str], added: Sequence[str]) -> list[str]:
    """Return the names with a number on every one that stood there before, so that no cell hides another."""
    taken = {SURPLUS, MISSING, *added}
    unique: list[str] = []
    for name in names:
        numbered = (f"{name}#{number}" for number in count(2))
        unique.append(name if name not in taken else next(one for one in numbered if one not in taken))
        taken.add(unique[-1])
    return unique


def _row(columns: Sequence[str], cells: Row, *, trimmed: bool, digest: str | None) -> dict[str, Any]:
    shown = [cell.strip() for cell in cells] if trimmed else cells
    row: dict[str, Any] = dict(zip(columns, shown, strict=False))
    if len(cells) > len(columns):
        row[SURPLUS] = shown[len(columns) :]
    elif len(cells) < len(columns):
        row[MISSING] = len(columns) - len(cells)
    if digest is not None:
        # The length before each cell keeps two rows apart whose cells only join to the same text.
        row[digest] = hashlib.sha256("".join(f"{len(cell)}:{cell}" for cell in cells).encode()).hexdigest()
    return row


def _number(rows: Sequence[dict[str, Any]], option: Mapping[str, Any]) -> None:
    seen: Counter[tuple[str, ...]] = Counter()
    for row in rows:
        key = tuple(row.get(column, "") for column in option["of"])
        seen[key] += 1
        row[option["column"]] = seen[key]
