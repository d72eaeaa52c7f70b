"""What a superuser does in a service's database around its migrations: plain SQL that the service brings."""

from pathlib import Path

import asyncpg

from govbus.local.databases import CONNECT_TIMEOUT_SECONDS

BEFORE = "before.sql"
AFTER = "after.sql"


def has_superuser_steps(checkout: Path, service: str) -> bool:
    """Return whether a service brings any."""
    return _step(checkout, service, AFTER).exists()


async def take_superuser_step(admin_dsn: str, database: str, checkout: Path, service: str, step: str) -> bool:
    """Run one script in one transaction; False when the administrator is no superuser, and nothing was done."""
    connection = await asyncpg.connect(admin_dsn, database=database, timeout=CONNECT_TIMEOUT_SECONDS)
    try:
        if await connection.fetchval("SELECT current_setting('is_superuser')") != "on":
            return False
        async with connection.transaction():
            await connection.execute(_step(checkout, service, step).read_text(encoding="utf-8"))
    finally:
        await connection.close()
    return True


def _step(checkout: Path, service: str, step: str) -> Path:
    return checkout / "services" / service / "src" / "govbus" / service / "superuser" / step
