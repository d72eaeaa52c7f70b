"""How far platforms' own topics were taken in."""

from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from govbus.contracts import topics

_NEXT: Final = (
    "SELECT topic, partition, next_offset FROM eventing_offset WHERE starts_with(topic, $1) AND next_offset > 0"
)


async def next_offsets(connection: AsyncConnection) -> dict[tuple[str, int], int]:
    """Return topic and partition → the first offset that is not taken yet, of every partition that anything came by."""
    rows = await connection.exec_driver_sql(_NEXT, (topics.INTAKE_PREFIX,))
    return {(row.topic, row.partition): row.next_offset for row in rows}
