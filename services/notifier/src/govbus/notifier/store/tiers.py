"""The risk tier of each subject, as risk last said it: routes may ask for it."""

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from govbus.notifier.tables import subject_tier


async def keep(connection: AsyncConnection, subject: str, tier: str) -> None:
    """Remember the newest tier of a subject."""
    statement = insert(subject_tier).values(subject=subject, tier=tier)
    newest = statement.on_conflict_do_update(index_elements=["subject"], set_={"tier": statement.excluded.tier})
    await connection.execute(newest)


async def tiers_of(connection: AsyncConnection, subjects: tuple[str, ...]) -> tuple[str, ...]:
    """Return the known tiers of the subjects, each once, in no particular order of importance."""
    query = select(subject_tier.c.tier).where(subject_tier.c.subject.in_(subjects)).distinct()
    return tuple(sorted((await connection.execute(query)).scalars()))
