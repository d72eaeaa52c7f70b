"""Looks for words in everything that a running stack keeps or says: tables, topics, files, metrics, spans.

A word is looked for as it is and in the forms that its neighbours may have brought it into (base64 at each of its three
alignments, hex, UTF-16); whoever hunts for what must not be there hunts for something that must be, too.
"""

import base64
import os
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import asyncpg
import httpx2
from aiokafka.admin import AIOKafkaAdminClient

from govbus.eventing.records import RawRecord
from govbus.local.kafka_properties import ADMIN
from govbus.local.layout import Home
from govbus.local.postgres import PostgresServer
from govbus.local.secret_files import Passwords
from system.live_stack import SERVICES, LiveStack
from system.reading_topics import read_topics

_CHUNK_BYTES: Final = 8 * 1024 * 1024
_TABLES: Final = (
    "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', "
    "'information_schema') UNION ALL SELECT 'pg_catalog.pg_stat_activity'"
)
_DATABASES: Final = "SELECT datname FROM pg_database WHERE datallowconn"


def forms(word: bytes) -> tuple[bytes, ...]:
    """Return what the word looks like, whatever it was put into."""
    found = [word, word.hex().encode(), word.hex().upper().encode(), b"".join(bytes((one, 0)) for one in word)]
    for before_count in range(3):
        encoded = base64.b64encode(bytes(before_count) + word).rstrip(b"=")
        whole_count = (before_count + len(word)) * 8 // 6
        inside = encoded[-(-before_count * 8 // 6) : whole_count]
        found += [inside, inside.replace(b"+", b"-").replace(b"/", b"_")]
    return tuple(dict.fromkeys(found))


async def hunt(stack: LiveStack, spans: Sequence[bytes], words: Mapping[str, Sequence[bytes]]) -> dict[str, set[str]]:
    """Return of each named word, in any of its forms, where it was found.

    Places read `table …`, `topic …`, `file …`, `metrics …` and `spans`.
    """
    found: dict[str, set[str]] = {name: set() for name in words}
    async for place, content in _everything(stack, spans):
        for name, known_as in words.items():
            if any(form in content for form in known_as):
                found[name].add(place)
    return found


async def _everything(stack: LiveStack, spans: Sequence[bytes]) -> AsyncIterator[tuple[str, bytes]]:
    async for place, content in _tables(stack):
        yield place, content
    async for place, content in _topics(stack):
        yield place, content
    for place, content in _files(stack.home):
        yield place, content
    async with httpx2.AsyncClient(trust_env=False) as client:
        for service in SERVICES:
            yield f"metrics {service}", (await client.get(f"{stack.service_url(service)}/metrics")).content
    for body in spans:
        yield "spans", body


async def _tables(stack: LiveStack) -> AsyncIterator[tuple[str, bytes]]:
    """Yield every row of every table of every database, as the superuser sees it; bytes are shown in hex.

    What memory holds is written to the files first, which are looked through next.
    """
    home = Home(stack.home)
    server = PostgresServer(home.postgres, Passwords(home.passwords).of("postgres"))
    connection = await asyncpg.connect(server.admin_dsn())
    await connection.execute("CHECKPOINT")
    databases = [row[0] for row in await connection.fetch(_DATABASES)]
    await connection.close()
    for database in databases:
        connection = await asyncpg.connect(server.admin_dsn(database))
        try:
            for (table,) in await connection.fetch(_TABLES):
                for (row,) in await connection.fetch(f"SELECT t::text FROM {table} AS t"):  # noqa: S608 - quoted names
                    yield f"table {database} {table}", row.encode()
        finally:
            await connection.close()


async def _topics(stack: LiveStack) -> AsyncIterator[tuple[str, bytes]]:
    """Yield every record of every topic of the cluster, also of Kafka's own."""
    password = Passwords(Home(stack.home).passwords).of(ADMIN)
    connection = {**stack.kafka(), "sasl_plain_username": ADMIN, "sasl_plain_password": password}
    admin = AIOKafkaAdminClient(**connection)
    await admin.start()
    try:
        names = sorted(await admin.list_topics())
    finally:
        await admin.close()
    for (topic, _), records in (await read_topics(connection, names)).items():
        yield f"topic {topic}", b"\n".join(map(_whole, records))


def _whole(record: RawRecord) -> bytes:
    headers = [name.encode() + b"=" + (value or b"") for name, value in record.headers]
    return b"\n".join((record.key or b"", record.value or b"", *headers))


def _files(home: Path) -> Iterator[tuple[str, bytes]]:
    """Yield every regular file below the data folder in pieces that overlap; holes of sparse files are passed over."""
    for path in sorted(home.rglob("*")):
        if path.is_file() and not path.is_symlink():
            for piece in _pieces(path):
                yield f"file {path.relative_to(home)}", piece


def _pieces(path: Path) -> Iterator[bytes]:
    try:
        handle = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return  # written anew under this name, or gone: servers do that while they run
    try:
        position, tail = 0, b""
        while True:
            try:
                begin = os.lseek(handle, position, os.SEEK_DATA)
            except OSError:
                return
            tail = tail if begin == position else b""
            piece = os.pread(handle, _CHUNK_BYTES, begin)
            if not piece:
                return
            yield tail + piece
            position, tail = begin + len(piece), piece[-1024:]
    finally:
        os.close(handle)
