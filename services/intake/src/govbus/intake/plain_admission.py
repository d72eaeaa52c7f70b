"""Plain admission: plain facts of one sender enter the register and the outbox, with as few steps as that takes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from govbus.contracts import topics
from govbus.eventing.outbox import Outbox
from govbus.eventing.serialise import lock_subjects
from govbus.intake.domain.refusals import Refused
from govbus.intake.domain.source import Source, check_source, prefixes
from govbus.intake.plain_facts import Plain
from govbus.intake.store import register, sources
from govbus.intake.store.sources import Activity


@dataclass(frozen=True, slots=True)
class Admitted:
    """How many facts were accepted and known before; `refused` are the places of those that are not to be taken."""

    accepted_count: int
    duplicate_count: int
    refused: tuple[int, ...]


async def admit_plain(
    connection: AsyncConnection, outbox: Outbox, source: Source, facts: Sequence[Plain], now: datetime
) -> Admitted:
    """Accept what is new, in order; what is to be refused is left to `Admission`, which says so on another topic.

    Refused are facts of somebody else's `source` URI, and identities that were used before with other content.
    """
    foreign = await _foreign(connection, source, {fact.source for fact in facts})
    ours = [fact for fact in facts if fact.source not in foreign] if foreign else facts
    await lock_subjects(connection, {fact.subject for fact in ours})
    claimed: dict[bytes, bytes] = {}
    for fact in ours:
        claimed.setdefault(fact.identity, fact.digest)
    seen = dict(await register.claim(connection, source.name, claimed, now))
    accepted_count, refused = 0, []
    for place, fact in enumerate(facts):
        earlier = None if fact.source in foreign else seen.get(fact.identity)
        if fact.source in foreign or (earlier is not None and earlier != fact.digest):
            refused.append(place)
        elif earlier is None:
            seen[fact.identity] = fact.digest
            outbox.append_encoded(topics.FACTS, fact.subject.encode(), fact.value, fact.packed_headers)
            accepted_count += 1
    duplicate_count = len(facts) - len(refused) - accepted_count
    if accepted_count or duplicate_count:
        await sources.seen(connection, source.name, Activity(accepted_count, duplicate_count, last_seen_at=now))
    return Admitted(accepted_count, duplicate_count, tuple(refused))


async def _foreign(connection: AsyncConnection, source: Source, stated: set[str]) -> set[str]:
    """Return which of the stated URIs are not the source's to speak under."""
    unclear = stated - {source.uri}
    if not unclear:
        return set()
    owners = await sources.registered_uris(connection, {prefix for uri in unclear for prefix in prefixes(uri)})
    return {uri for uri in unclear if _is_foreign(source, uri, owners | {source.uri})}


def _is_foreign(source: Source, uri: str, owners: set[str]) -> bool:
    try:
        check_source(source, uri, owners)
    except Refused:
        return True
    return False
