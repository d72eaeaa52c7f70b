"""The Kafka edge: raw records of several partitions become entries, in the transaction that advances their offsets."""

import asyncio
import secrets
from collections import Counter as CountOf
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge
from sqlalchemy.ext.asyncio import AsyncConnection

from govbus.audit_log.domain.drafts import Draft, Unkeepable, draft_event, draft_unparseable
from govbus.audit_log.domain.holds import ordered_by
from govbus.audit_log.domain.plain_records import draft_plain
from govbus.audit_log.domain.sequencing import make_leaves, sequence
from govbus.audit_log.standing import Standing
from govbus.audit_log.store import appending
from govbus.audit_log.store.holds import fold
from govbus.contracts.translog.entry import COMMITMENT_KEY_BYTES, KafkaPlace
from govbus.contracts.translog.merkle import CompactRange, grow
from govbus.eventing.records import RawRecord, Undecodable, decode

_TOGETHER_COUNT: Final = 500
"""Records appended at once: the next ones are read while PostgreSQL takes these."""

_AT_A_STRETCH_COUNT: Final = 20
"""Records read before others have their turn, some 1 ms: what PostgreSQL waits for is written meanwhile."""


@dataclass(frozen=True, slots=True)
class Grown:
    """The tree so far in a transaction, and how many of its records the log had already."""

    compact: CompactRange
    duplicate_count: int = 0


class Sequencer:
    """Gives entries their index; also the log's own, such as who read a confidential payload."""

    def __init__(self, standing: Standing, registry: CollectorRegistry) -> None:
        """Append only while `standing` says that the log may go on."""
        self._standing = standing
        # Entries sequenced, by kind. `unparseable` or `duplicate_refused` rising: look at who wrote them.
        self._entries = Counter("govbus_log_entries_total", "Entries sequenced", ["kind"], registry=registry)
        # Records equal to an entry the log has. Relays resend after crashes; steadily rising: one never deletes.
        self._duplicates = Counter("govbus_log_duplicates_total", "Records not entered again", registry=registry)
        # Size of the log.
        self._size = Gauge("govbus_log_size_entries", "Entries in the log", registry=registry)

    async def on_records(self, connection: AsyncConnection, records: Sequence[RawRecord]) -> None:
        """Enter every record; all of them, or none when the transaction fails."""
        self._standing.require_open()
        stretches = [records[first : first + _TOGETHER_COUNT] for first in range(0, len(records), _TOGETHER_COUNT)]
        grown = Grown((await appending.lock_head(connection)).compact)
        drafts = await _read(stretches[0])
        for following in [*stretches[1:], ()]:
            grown, drafts = await asyncio.gather(self._append(connection, grown, drafts), _read(following))
        await appending.advance_head(connection, grown.compact, grown.duplicate_count)

    async def enter(self, connection: AsyncConnection, drafts: Sequence[Draft]) -> None:
        """Append drafts under the head's lock."""
        self._standing.require_open()
        grown = await self._append(connection, Grown((await appending.lock_head(connection)).compact), drafts)
        await appending.advance_head(connection, grown.compact, grown.duplicate_count)

    async def _append(self, connection: AsyncConnection, grown: Grown, drafts: Sequence[Draft]) -> Grown:
        """Append drafts to a tree whose head the caller holds, and advances in the end."""
        identities = [draft.identity for draft in drafts if draft.identity is not None]
        decided = sequence(drafts, await appending.known_identities(connection, identities))
        keys = secrets.token_bytes(COMMITMENT_KEY_BYTES * len(decided.drafts))
        leaves = make_leaves(decided.drafts, grown.compact.size, keys)
        growth = grow(grown.compact, [leaf.leaf_hash for leaf in leaves])
        await appending.append(connection, leaves, growth)
        orders = [order for draft in decided.drafts if (order := ordered_by(draft)) is not None]
        if orders:
            await fold(connection, orders)
        for kind, count in CountOf(leaf.kind for leaf in leaves).items():
            self._entries.labels(kind).inc(count)
        self._duplicates.inc(decided.duplicate_count)
        self._size.set(growth.compact.size)
        return Grown(growth.compact, grown.duplicate_count + decided.duplicate_count)


async def _read(records: Sequence[RawRecord]) -> list[Draft]:
    drafts: list[Draft] = []
    for first in range(0, len(records), _AT_A_STRETCH_COUNT):
        drafts.extend(map(read_draft, records[first : first + _AT_A_STRETCH_COUNT]))
        await asyncio.sleep(0)
    return drafts


def read_draft(record: RawRecord) -> Draft:
    """Return what the log keeps of a record; never refuses one."""
    place = KafkaPlace(record.topic, record.partition, record.offset, record.timestamp_ms)
    if (plain := draft_plain(record.headers, record.value, place)) is not None:
        return plain
    try:
        return draft_event(decode(record), place)
    except (Undecodable, Unkeepable) as error:
        return draft_unparseable(place, error.reason, error.detail, record.key, record.value, record.headers)
