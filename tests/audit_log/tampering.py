"""What only a superuser who takes the guards away can do to a log."""

import asyncpg

from backends.running import RunningPostgres


async def tamper(postgres: RunningPostgres, dsn: str, *statements: str) -> None:
    """Do what only a superuser who takes the triggers away can do."""
    database = dsn.rpartition("?")[0].rpartition("/")[2] or dsn.rpartition("/")[2]
    connection = await asyncpg.connect(postgres.access.admin_dsn, database=database)
    try:
        for table in ("entry", "payload", "tile", "checkpoint", "log_head"):
            await connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
        await connection.execute("ALTER TABLE entry DROP CONSTRAINT IF EXISTS entry_leaf_hash")
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()
