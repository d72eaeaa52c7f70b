"""Writes one export as Parquet: `python -m govbus.audit_log.export_parquet_child`; the service never loads Arrow."""

import sys
from collections.abc import Mapping, Sequence
from typing import IO, Any, Final

import pyarrow as pa
from pyarrow import parquet

from govbus.audit_log.domain.export import BINARIES, COLUMNS, NUMBERS, PARQUET
from govbus.audit_log.export_child import run

GROUP_COUNT: Final = 5_000
GROUP_BYTES: Final = 16 * 1024 * 1024
"""A row group is written at so many rows, or when what is binary in them has so many bytes."""

_SCHEMA: Final = pa.schema(
    [
        pa.field(name, pa.int64() if name in NUMBERS else pa.binary() if name in BINARIES else pa.string())
        for name in COLUMNS
    ]
)


class ParquetWriter:
    """Columns of bytes, texts and whole numbers, compressed with zstd."""

    def __init__(self, file: IO[bytes]) -> None:
        """Write to `file`, which need not be seekable."""
        self._writer = parquet.ParquetWriter(file, _SCHEMA, compression="zstd")
        self._rows: list[Mapping[str, Any]] = []
        self._bytes_count = 0

    def write(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Gather rows into groups and write those that are full."""
        self._rows += rows
        self._bytes_count += sum(len(row[name] or b"") for row in rows for name in BINARIES)
        if len(self._rows) >= GROUP_COUNT or self._bytes_count >= GROUP_BYTES:
            self._write_group()

    def close(self) -> None:
        """Write the last group and the footer."""
        if self._rows:
            self._write_group()
        self._writer.close()

    def _write_group(self) -> None:
        self._writer.write_table(pa.Table.from_pylist(self._rows, schema=_SCHEMA))
        self._rows, self._bytes_count = [], 0


if __name__ == "__main__":
    sys.exit(run({PARQUET: ParquetWriter}))
