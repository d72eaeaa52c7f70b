"""Errors in words that quote no data: what a log line, a span or a parked record may say of a failure.

Exceptions repeat what they failed on: pydantic its input, PostgreSQL the row, `int()` the text. So a message is shown
only where its kind is known to speak of the machinery; of all others class and place are.
"""

import traceback
from types import TracebackType
from typing import Final

import aiokafka.errors
import asyncpg
from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

MESSAGE_CHARACTERS: Final = 500
"""Enough for a sentence; an address or a list of brokers may be long."""

_VIOLATIONS_COUNT: Final = 5

_OUTSPOKEN: Final = (OSError, RuntimeError, aiokafka.errors.KafkaError, SQLAlchemyError, asyncpg.InterfaceError)
"""Kinds whose messages name hosts, states and settings."""

_OUTSPOKEN_STATES: Final = ("08", "23", "25", "28", "40", "42", "53", "55", "57", "58")
"""SQLSTATE classes whose first line names constraints, tables and limits; 22 (data) quotes values."""

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None]


def describe(error: BaseException) -> str:
    """Return an error in one line: its class, and its message where that quotes no data."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    cause = _database_cause(error)
    words = _words(cause)
    return f"{type(cause).__name__}: {words}" if words else type(cause).__name__


def traceback_text(exc_info: ExcInfo) -> str:
    """Return the whole chain of an exception, oldest first, with places and `describe`d errors instead of messages."""
    return "\n".join(_told(link) for link in _chain(exc_info[1]))


def _words(error: BaseException) -> str:
    if isinstance(error, ValidationError):
        return _violations(error)
    if isinstance(error, asyncpg.PostgresError):
        is_outspoken = str(error.sqlstate or "").startswith(_OUTSPOKEN_STATES)
        return f"{error.sqlstate} {_first_line(error) if is_outspoken else ''}".rstrip()
    is_ours = type(error).__module__.startswith("govbus.")
    quotes_arguments = isinstance(error, asyncpg.InterfaceError) and isinstance(error, ValueError)
    is_outspoken = isinstance(error, _OUTSPOKEN) and not isinstance(error, DBAPIError) and not quotes_arguments
    return _first_line(error) if is_ours or is_outspoken else ""


def _violations(error: ValidationError) -> str:
    found = error.errors(include_input=False, include_url=False, include_context=False)
    told = [f"/{'/'.join(map(str, item['loc']))} {item['type']}" for item in found[:_VIOLATIONS_COUNT]]
    return f"{len(found)} in {error.title}: {', '.join(told)}"[:MESSAGE_CHARACTERS]


def _first_line(error: BaseException) -> str:
    return next(iter(str(error).splitlines()), "")[:MESSAGE_CHARACTERS]


def _database_cause(error: BaseException) -> BaseException:
    """Return what the driver raised, behind SQLAlchemy's and its adapter's wrapping, which repeat it in full."""
    if not isinstance(error, DBAPIError) or error.orig is None:
        return error
    return error.orig.__cause__ or error


def _chain(error: BaseException) -> list[BaseException]:
    links: list[BaseException] = []
    link: BaseException | None = error
    while link is not None and link not in links:
        links.insert(0, link)
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)
    return links


def _told(error: BaseException) -> str:
    places = "".join(traceback.format_list(traceback.extract_tb(error.__traceback__)))
    if not isinstance(error, BaseExceptionGroup):
        return places + describe(error)
    inside = [f"| {line}" for part in error.exceptions for line in _told(part).splitlines()]
    return "\n".join((places + type(error).__name__, *inside))
