"""The constraints of the records refuse what must not be."""

import pytest
from sqlalchemy.exc import IntegrityError, ProgrammingError

from inventory.delivering import Desk, registered, said


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE record SET kind = 'model_version'",
        "UPDATE record SET classification = 'secret'",
        "UPDATE record SET fields = '[]'",
        "UPDATE record SET number = 0",
    ],
)
async def test_bad_state_cannot_be_written(desk: Desk, statement: str) -> None:
    await desk.deliver(said(registered()))
    with pytest.raises(IntegrityError):
        async with desk.service.engine.begin() as connection:
            await connection.exec_driver_sql(statement)


@pytest.mark.parametrize(
    "statement", ["UPDATE record_state SET number = 7", "DROP TABLE record", "CREATE TABLE mine (id integer)"]
)
async def test_runtime_role_may_neither_rewrite_history_nor_own_anything(desk: Desk, statement: str) -> None:
    with pytest.raises(ProgrammingError):
        async with desk.service.engine.begin() as connection:
            await connection.exec_driver_sql(statement)
