"""The engine of one service process, and rows of plain SQL."""

import time
from typing import Any, Final, cast

import asyncpg
from sqlalchemy import event
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from govbus.eventing.settings import ServiceSettings

_CONNECT_SECONDS: Final = 5.0
_COMMAND_SECONDS: Final = 65.0
"""Just above the role's transaction_timeout (60 s): the server ends a transaction first, with a clear error."""

_TRUSTED_SECONDS: Final = 1.0
"""A connection used so lately is believed unless its socket has closed: asking costs three round trips a request."""

_USED_AT: Final = "govbus.used_at"


async def fetch(connection: AsyncConnection, statement: str, parameters: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return all rows of a statement with `$1` parameters; SQLAlchemy cannot type columns of plain SQL."""
    return cast("list[tuple[Any, ...]]", list(await connection.exec_driver_sql(statement, parameters)))


async def driver_of(connection: AsyncConnection) -> asyncpg.Connection:
    """Return asyncpg's own connection, for COPY and many rows; begin the transaction with a statement before."""
    own = (await connection.get_raw_connection()).driver_connection
    if not isinstance(own, asyncpg.Connection):
        raise TypeError("PostgreSQL is read through asyncpg")
    return own


def new_engine(settings: ServiceSettings) -> AsyncEngine:
    """Return the engine; connections are checked before use, as PostgreSQL may have been restarted meanwhile."""
    engine = create_async_engine(
        settings.postgres_url.get_secret_value(),
        pool_size=settings.postgres_pool_count,
        max_overflow=0,
        pool_timeout=settings.postgres_pool_timeout_seconds,
        connect_args={"timeout": _CONNECT_SECONDS, "command_timeout": _COMMAND_SECONDS},
        hide_parameters=True,
    )
    event.listen(engine.sync_engine, "connect", _note_use)
    event.listen(engine.sync_engine, "checkin", _note_use)
    event.listen(engine.sync_engine, "checkout", _check)
    return engine


def without_transaction(engine: AsyncEngine) -> AsyncEngine:
    """Return the same pool for single reads: each statement is on its own, without BEGIN and ROLLBACK around it."""
    return engine.execution_options(isolation_level="AUTOCOMMIT")


def _note_use(_: Any, record: Any) -> None:
    record.info[_USED_AT] = time.monotonic()


def _check(dbapi_connection: Any, record: Any, _: Any) -> None:
    """Have a dead connection replaced, and every other of its age: they died together.

    Raises:
        InvalidatePoolError: what the pool goes by.
    """
    if dbapi_connection.driver_connection.is_closed():
        raise InvalidatePoolError
    if time.monotonic() - record.info.get(_USED_AT, 0.0) < _TRUSTED_SECONDS:
        return
    try:
        dbapi_connection.ping()
    except (dbapi_connection.dbapi.Error, OSError) as error:
        raise InvalidatePoolError from error
