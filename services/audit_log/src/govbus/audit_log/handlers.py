"""The Kafka edge: raw records of several partitions become entries, in the transaction that advances their offsets."""

import secrets
from collections.abc import Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge
from sqlalchemy.ext.asyncio import AsyncConnection

from govbus.audit_log.domain.drafts import Draft, Unkeepable, draft_event, draft_unparseable
from govbus.audit_log.domain.sequencing import make_leaves, sequence
from govbus.audit_log.standing import Standing
from govbus.audit_log.store import appending
from govbus.contracts.translog.entry import COMMITMENT_KEY_BYTES, KafkaPlace
from govbus.contracts.translog.merkle import grow
from govbus.eventing.records import RawRecord, Undecodable, decode


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
        await self.enter(connection, [read_draft(record) for record in records])

    async def enter(self, connection: AsyncConnection, drafts: Sequence[Draft]) -> None:
        """Append drafts under the head's lock."""
        self._standing.require()
        head = await appending.lock_head(connection)
        identities = [draft.identity for draft in drafts if draft.identity is not None]
        decided = sequence(drafts, await appending.known_identities(connection, identities))
        keys = secrets.token_bytes(COMMITMENT_KEY_BYTES * len(decided.drafts))
        leaves = make_leaves(decided.drafts, head.compact.size, keys)
        growth = grow(head.compact, [leaf.leaf_hash for leaf in leaves])
        await appending.append(connection, leaves, growth, decided.duplicate_count)
        for leaf in leaves:
            self._entries.labels(leaf.kind).inc()
        self._duplicates.inc(decided.duplicate_count)
        self._size.set(growth.compact.size)


def read_draft(record: RawRecord) -> Draft:
    """Return what the log keeps of a record; never refuses one."""
    place = KafkaPlace(record.topic, record.partition, record.offset, record.timestamp_ms)
    try:
        return draft_event(decode(record), place)
    except (Undecodable, Unkeepable) as error:
        return draft_unparseable(place, error.reason, error.detail, record.key, record.value, record.headers)
