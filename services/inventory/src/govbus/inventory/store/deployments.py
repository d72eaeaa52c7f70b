"""Which version was deployed where, in the order Govbus came to know it."""

from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncConnection

from govbus.inventory.domain.fact import Fact
from govbus.inventory.domain.folding import Deployment
from govbus.inventory.tables import deployment as deployments


async def add(connection: AsyncConnection, fact: Fact, deployment: Deployment) -> None:
    """Keep that a version took over an environment."""
    await connection.execute(
        insert(deployments).values(
            subject=fact.subject,
            environment=deployment.environment,
            version=deployment.version,
            deployed_by=deployment.by,
            ticket=deployment.ticket,
            deployed_at=deployment.deployed_at,
            known_at=fact.known_at,
            cause_source=fact.cause.source,
            cause_type=fact.cause.type,
            cause_id=fact.cause.id,
        )
    )


async def running(
    connection: AsyncConnection, subject: str, as_of: datetime | None, limit_count: int
) -> list[Deployment]:
    """Return what runs in each environment, or ran there at `as_of`, by environment."""
    query = (
        select(deployments)
        .ext(distinct_on(deployments.c.environment))
        .where(deployments.c.subject == subject)
        .order_by(deployments.c.environment, deployments.c.position.desc())
        .limit(limit_count)
    )
    if as_of is not None:
        query = query.where(deployments.c.known_at <= as_of)
    return [
        Deployment(row.version, row.environment, row.deployed_by, row.ticket, row.deployed_at)
        for row in await connection.execute(query)
    ]
