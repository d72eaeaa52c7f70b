"""Rows of an export, as NDJSON, CSV or Parquet: the exact bytes of each entry, and what may go with it."""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from io import TextIOWrapper
from typing import IO, Any, Final

from govbus.contracts import strict_json
from govbus.contracts.translog import base64_strict
from govbus.sdk.failures import NotConfigured, NotProved

FORMATS: Final = ("ndjson", "csv", "parquet")
_CELL_BYTES: Final = 64 * 1024 * 1024
"""The longest cell of a CSV that is read: far above a payload in base64."""

_WITHOUT_PYARROW: Final = (
    "Parquet files are read with pyarrow, which is not installed: pip install 'govbus-sdk[parquet]'"
)
_BYTES: Final = ("attributes", "payload", "commitment_key")


@dataclass(frozen=True, slots=True)
class ExportRow:
    """One row, and where it stands; what was withheld or erased is None. `shown` are its other columns."""

    place: str
    index: int
    entry: bytes
    attributes: bytes | None
    payload: bytes | None
    commitment_key: bytes | None
    shown: Mapping[str, Any]


def read_rows(format_: str, file: IO[bytes], name: str) -> Iterator[ExportRow]:
    """Yield the rows of a file called `name`, in its order.

    Raises:
        NotProved: a row is none.
        NotConfigured: Parquet, and pyarrow is not installed.
    """
    match format_:
        case "ndjson":
            found = _ndjson(file, name)
        case "csv":
            found = _csv(file, name)
        case _:
            found = _parquet(file, name)
    for place, fields in found:
        yield _row(place, fields)


def _ndjson(file: IO[bytes], name: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for number, line in enumerate(file, start=1):
        place = f"{name} line {number}"
        try:
            fields = strict_json.parse(line)
        except strict_json.InvalidJson as error:
            raise NotProved.at(place, error.detail) from None
        if not isinstance(fields, dict):
            raise NotProved.at(place, "is not a JSON object")
        yield place, fields


def _csv(file: IO[bytes], name: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    others_limit = csv.field_size_limit(_CELL_BYTES)  # the whole process has one: given back below
    text = TextIOWrapper(file, encoding="utf-8", newline="")
    reader = csv.DictReader(text, strict=True)
    try:
        for fields in reader:
            place = f"{name} line {reader.line_num}"
            if None in fields or None in fields.values():
                raise NotProved.at(place, "has another number of columns than the first line")
            yield place, {column: cell or _empty(column, fields) for column, cell in fields.items()}
    except (csv.Error, UnicodeDecodeError) as error:
        raise NotProved.at(f"{name} line {reader.line_num}", str(error)) from None
    finally:
        csv.field_size_limit(others_limit)
        text.detach()


def _empty(column: str, fields: Mapping[str, Any]) -> str | None:
    """Return what an empty cell is: nothing, or, beside a key that opens it, content of no bytes."""
    return "" if column in _BYTES and fields.get("commitment_key") else None


def _parquet(file: IO[bytes], name: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    try:
        reading = import_module("govbus.sdk.translog.parquet_rows")
    except ModuleNotFoundError as error:
        if error.name != "pyarrow":
            raise
        raise NotConfigured(_WITHOUT_PYARROW) from None
    for number, fields in enumerate(reading.rows(file, name), start=1):
        yield f"{name} row {number}", fields


def _row(place: str, fields: Mapping[str, Any]) -> ExportRow:
    index = _index(place, fields.get("index"))
    entry = _bytes(place, "entry", fields.get("entry"))
    if entry is None:
        raise NotProved.at(place, "has no `entry`", index)
    found = {name: _bytes(place, name, fields.get(name)) for name in _BYTES}
    shown = {name: value for name, value in fields.items() if name not in {"index", "entry", *_BYTES}}
    return ExportRow(place, index, entry, shown=shown, **found)


def _index(place: str, value: Any) -> int:
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise NotProved.at(place, "has no `index`")


def _bytes(place: str, name: str, value: Any) -> bytes | None:
    if value is None or isinstance(value, bytes):
        return value
    try:
        return base64_strict.decode(value)
    except (ValueError, TypeError, AttributeError):
        raise NotProved.at(place, f"`{name}` is not base64") from None
