"""The engine of one service process, and rows of plain SQL."""

from typing import Any, Final, cast

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from govbus.eventing.settings import ServiceSettings

_CONNECT_SECONDS: Final = 5.0
_COMMAND_SECONDS: Final = 65.0
"""Just above the role's transaction_timeout (60 s): the server ends a transaction first, with a clear error."""


async def fetch(connection: AsyncConnection, statement: str, parameters: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return all rows of a statement with `$1` parameters; SQLAlchemy cannot type columns of plain SQL."""
    return cast("list[tuple[Any, ...]]", list(await connection.exec_driver_sql(statement, parameters)))


def new_engine(settings: ServiceSettings) -> AsyncEngine:
    """Return the engine; connections are checked before use, as PostgreSQL may have been restarted meanwhile."""
    return create_async_engine(
        settings.postgres_url.get_secret_value(),
        pool_size=settings.postgres_pool_count,
        max_overflow=0,
        pool_timeout=settings.postgres_pool_timeout_seconds,
        pool_pre_ping=True,
        connect_args={"timeout": _CONNECT_SECONDS, "command_timeout": _COMMAND_SECONDS},
        hide_parameters=True,
    )
