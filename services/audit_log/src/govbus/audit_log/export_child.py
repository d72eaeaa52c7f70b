"""Writes one export to standard output: `python -m govbus.audit_log.export_child` reads its job from standard input.

A process of its own, so that formatting a million rows takes neither the service's time nor its memory, and ends when
nobody reads any more. Exit code 1 and a sentence on standard error: what was written until then is not whole.
"""

import asyncio
import csv
import io
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import IO, Any, Final, Protocol

from sqlalchemy import NullPool
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from govbus.audit_log.domain.export import (
    COLUMNS,
    CSV,
    MANIFEST,
    MANIFEST_END,
    NDJSON,
    in_text,
    manifest_head,
    manifest_node,
)
from govbus.audit_log.export_job import ExportJob, read_job
from govbus.audit_log.store.exports import exported, matching_indexes
from govbus.audit_log.store.tree import node_hashes
from govbus.contracts import strict_json
from govbus.contracts.translog.multiproof import nodes_needed
from govbus.eventing.error_words import describe

STRETCH_COUNT: Final = 200
"""Entries in memory at a time, each of at most some megabytes with its payload."""

NODES_COUNT: Final = 2_000
"""Nodes looked up at a time: some 250 tiles of 8 KiB."""


class RowWriter(Protocol):
    """Writes rows of one format."""

    def write(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write rows behind those written before."""

    def close(self) -> None:
        """Write what ends the file."""


class NdjsonWriter:
    """A JSON object a line."""

    def __init__(self, file: IO[bytes]) -> None:
        """Write to `file`."""
        self._file = file

    def write(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write rows behind those written before."""
        self._file.writelines(strict_json.dump(in_text(row)) + b"\n" for row in rows)

    def close(self) -> None:
        """There is no end."""


class CsvWriter:
    """RFC 4180; texts stand as the entry says them, so that the rows can be held against it.

    A spreadsheet that takes a text beginning with `=` for a formula must be told not to: import such columns as text.
    """

    def __init__(self, file: IO[bytes]) -> None:
        """Write the line of names."""
        self._file = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
        self._rows = csv.DictWriter(self._file, COLUMNS, quoting=csv.QUOTE_MINIMAL, lineterminator="\r\n")
        self._rows.writeheader()

    def write(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write rows behind those written before."""
        self._rows.writerows(map(in_text, rows))

    def close(self) -> None:
        """Leave the file open; there is no end."""
        self._file.detach()


Writers = Mapping[str, Callable[[IO[bytes]], RowWriter]]
TEXT_WRITERS: Final[Writers] = {NDJSON: NdjsonWriter, CSV: CsvWriter}


async def write(job: ExportJob, writers: Writers, file: IO[bytes]) -> None:
    """Write the rows, or the manifest, of a job."""
    async with _connection(job.postgres_url) as connection:
        indexes = await matching_indexes(connection, job.wanted)
        if job.format == MANIFEST:
            await _write_manifest(connection, job, indexes, file)
            return
        writer = writers[job.format](file)
        for start in range(0, len(indexes), STRETCH_COUNT):
            found = await exported(connection, indexes[start : start + STRETCH_COUNT], confidential=job.confidential)
            writer.write([entry.row() for entry in found])
            file.flush()
        writer.close()
        file.flush()


async def _write_manifest(connection: AsyncConnection, job: ExportJob, indexes: list[int], file: IO[bytes]) -> None:
    file.write(manifest_head(job.origin, job.stated, job.extent, job.size, job.checkpoint))
    needed = nodes_needed(indexes, job.size)
    for start in range(0, len(needed), NODES_COUNT):
        stretch = needed[start : start + NODES_COUNT]
        hashes = await node_hashes(connection, stretch)
        file.write(b"," if start else b"")
        file.write(b",".join(manifest_node(node, hashes[node]) for node in stretch))
    file.write(MANIFEST_END)
    file.flush()


@asynccontextmanager
async def _connection(postgres_url: str) -> AsyncIterator[AsyncConnection]:
    """Give a connection whose statements stand alone: no transaction outlives the database's limit for one."""
    engine = create_async_engine(postgres_url, poolclass=NullPool, isolation_level="AUTOCOMMIT", hide_parameters=True)
    try:
        async with engine.connect() as connection:
            yield connection
    finally:
        await engine.dispose()


def run(writers: Writers) -> int:
    """Do the job on standard input; return the exit code."""
    try:
        asyncio.run(write(read_job(sys.stdin.buffer.read()), writers, sys.stdout.buffer))
    except BrokenPipeError:
        return 1
    except Exception as error:  # noqa: BLE001 - whatever it is, the export is not whole
        sys.stderr.write(describe(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(run(TEXT_WRITERS))
