"""Examines the whole log: every byte hashed again, every checkpoint opened, every guard looked at."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from govbus.audit_log.domain.consistency import Inconsistent, check_head, check_same, regrow
from govbus.audit_log.domain.examination import faults_of
from govbus.audit_log.store.appending import read_head
from govbus.audit_log.store.examination import all_checkpoints, entries_beyond, stored_rows
from govbus.audit_log.store.guards import fingerprint, missing_guards
from govbus.audit_log.store.signing import stored_entries, stored_tiles
from govbus.contracts.translog.checkpoint import open_checkpoint
from govbus.contracts.translog.merkle import CompactRange
from govbus.contracts.translog.note import NoteRejected
from govbus.contracts.translog.vkey import VerificationKey

_STRETCH_COUNT: Final = 2_000


@dataclass(frozen=True, slots=True)
class Examined:
    """What was looked at, the fingerprint of the guards, and everything that is wrong, in words."""

    size: int
    checkpoint_count: int
    guards_sha256: str
    faults: tuple[str, ...]


async def examine(engine: AsyncEngine, keys: Sequence[VerificationKey]) -> Examined:
    """Return what the log holds and what is wrong with it; changes nothing, and may run beside the service.

    A fault in the tree ends the walk: what comes after it proves nothing any more.
    """
    async with engine.connect() as connection:
        head = (await read_head(connection)).compact
        checkpoints = await all_checkpoints(connection)
        faults = await missing_guards(connection)
        guards_sha256 = await fingerprint(connection)
        tree = CompactRange()
        try:
            for size, root, note in checkpoints:
                async for fault in _row_faults(connection, tree.size, size):
                    faults.append(fault)
                tree = await _regrown(connection, tree, size)
                check_same(size, root, tree.root, "the table of checkpoints")
                check_same(size, root, _signed_root(note, keys, size), "a signed checkpoint")
            async for fault in _row_faults(connection, tree.size, head.size):
                faults.append(fault)
            check_head(await _regrown(connection, tree, head.size), head)
        except Inconsistent as error:
            faults.append(str(error))
        if await entries_beyond(connection, (await read_head(connection)).compact.size):
            faults.append("entries lie beyond the head")
    return Examined(head.size, len(checkpoints), guards_sha256, tuple(faults))


async def _regrown(connection: AsyncConnection, tree: CompactRange, size: int) -> CompactRange:
    while tree.size < size:
        count = min(size - tree.size, _STRETCH_COUNT)
        entries = await stored_entries(connection, tree.size, count)
        if len(entries) != count:
            raise Inconsistent(f"entries are missing between {tree.size} and {tree.size + count}")
        tree = regrow(tree, entries, await stored_tiles(connection, tree.size, tree.size + count))
    return tree


async def _row_faults(connection: AsyncConnection, start: int, end: int) -> AsyncIterator[str]:
    for begin in range(start, end, _STRETCH_COUNT):
        for row in await stored_rows(connection, begin, min(end, begin + _STRETCH_COUNT)):
            for fault in faults_of(row):
                yield fault


def _signed_root(note: str, keys: Sequence[VerificationKey], size: int) -> bytes:
    try:
        signed = open_checkpoint(note, keys).checkpoint
    except NoteRejected as error:
        raise Inconsistent(f"the checkpoint of size {size} is not signed by this log: {error}") from None
    if signed.size != size:
        raise Inconsistent(f"the checkpoint stored for size {size} is of size {signed.size}")
    return signed.root
