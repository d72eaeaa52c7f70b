"""How far a service has read, for gates that must not decide on old state."""

from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

_READ: Final = "SELECT 1 FROM eventing_inbox WHERE identity = $1 LIMIT 1"
_READ_ON: Final = "SELECT 1 FROM eventing_inbox WHERE identity = $1 AND recorded_on = $2"


class InvalidPosition(ValueError):
    """A string that no accepted event was answered with."""


async def has_read(connection: AsyncConnection, position: str, recorded_at: datetime | None = None) -> bool:
    """Return whether the service has handled the event that intake answered with `position`.

    With `recorded_at` one day's partition is probed, without it one index probe per kept day.

    Raises:
        InvalidPosition: not 32 hexadecimal digits.
    """
    identity = parse_position(position)
    if recorded_at is None:
        return (await connection.exec_driver_sql(_READ, (identity,))).first() is not None
    return (await connection.exec_driver_sql(_READ_ON, (identity, recorded_at.date()))).first() is not None


def parse_position(position: str) -> bytes:
    """Return the identity digest in `position`.

    Raises:
        InvalidPosition: not 32 hexadecimal digits.
    """
    try:
        identity = bytes.fromhex(position)
    except ValueError:
        identity = b""
    if len(identity) != 16 or len(position) != 32:  # noqa: PLR2004 - 16 bytes are 32 digits
        raise InvalidPosition("a position is the 32 hexadecimal digits that POST /v1/events answered with")
    return identity
