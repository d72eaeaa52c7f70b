"""Which failures pass by themselves: the exception class decides between retry and parking."""

import asyncio
from typing import Final

import aiokafka.errors
import asyncpg
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

_TRANSIENT: Final = (
    ConnectionError,
    asyncio.TimeoutError,
    OSError,
    InterfaceError,
    OperationalError,
    PoolTimeout,
    aiokafka.errors.KafkaError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
)

_TRANSIENT_STATES: Final = (
    "08",  # connection exception
    "40",  # transaction rollback: serialization failure, deadlock
    "53",  # insufficient resources: disk full, too many connections
    "55P03",  # lock_timeout
    "57",  # operator intervention: shutdown, cancelled, crash recovery
    "58",  # system error: I/O
    "25P03",  # idle_in_transaction_session_timeout
    "25P04",  # transaction_timeout
)


def is_transient(error: BaseException) -> bool:
    """Return whether the same work may succeed later without anybody changing anything."""
    if isinstance(error, DBAPIError):
        state = getattr(error.orig, "sqlstate", None) or getattr(error.orig, "pgcode", None)
        if state is not None:
            return str(state).startswith(_TRANSIENT_STATES)
        if isinstance(getattr(error.orig, "__cause__", None), ValueError):
            return False  # asyncpg's own DataError, an InterfaceError too: this value will never fit
        return error.connection_invalidated or isinstance(error, _TRANSIENT)
    if isinstance(error, asyncpg.PostgresError):
        return str(error.sqlstate or "").startswith(_TRANSIENT_STATES)
    return isinstance(error, _TRANSIENT)
