"""Runs one statement and returns its rows as plain tuples."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection


async def rows(connection: AsyncConnection, statement: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return all rows; parameters are `$1` and so on."""
    return [tuple(row) for row in (await connection.exec_driver_sql(statement, values)).all()]


async def one_row(connection: AsyncConnection, statement: str, values: tuple[Any, ...] = ()) -> tuple[Any, ...]:
    """Return the only row.

    Raises:
        sqlalchemy.exc.NoResultFound: there is none.
    """
    return tuple((await connection.exec_driver_sql(statement, values)).one())
