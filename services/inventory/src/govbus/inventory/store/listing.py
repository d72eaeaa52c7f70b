"""Lists of records, filtered and in the order of their keys."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, FromClause, Select, String, exists, false, func, or_, select, tuple_
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncConnection

from govbus.inventory.domain.classification import OPEN
from govbus.inventory.domain.record import THE_MODEL, State
from govbus.inventory.store.records import state_of
from govbus.inventory.tables import record, record_state

_SEARCHED: Final = ("description", "purpose", "intended_use", "deployment_context")


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What a list is narrowed to; None does not narrow.

    `reader` sees confidential records only where they are named among its owners; None sees all.
    """

    subject: str | None = None
    q: str | None = None
    owner: str | None = None
    tag: str | None = None
    registered: bool | None = None
    as_of: datetime | None = None
    reader: str | None = None


async def models(connection: AsyncConnection, wanted: Filter, after: str | None, limit_count: int) -> list[State]:
    """Return models by subject, from behind `after` on."""
    states = _states(wanted.as_of)
    query = _narrowed(select(states), states, wanted).where(states.c.version == THE_MODEL)
    if after is not None:
        query = query.where(states.c.subject > after)
    rows = await connection.execute(query.order_by(states.c.subject).limit(limit_count))
    return [state_of(row) for row in rows]


async def versions(connection: AsyncConnection, wanted: Filter, after: str | None, limit_count: int) -> list[State]:
    """Return versions of the model `wanted.subject` by version, from behind `after` on."""
    states = _states(wanted.as_of)
    query = _narrowed(select(states), states, wanted).where(states.c.version != THE_MODEL)
    if after is not None:
        query = query.where(tuple_(states.c.subject, states.c.version) > tuple_(wanted.subject, after))
    rows = await connection.execute(query.order_by(states.c.subject, states.c.version).limit(limit_count))
    return [state_of(row) for row in rows]


def _states(as_of: datetime | None) -> FromClause:
    if as_of is None:
        return record
    newest_first = (record_state.c.subject, record_state.c.version, record_state.c.number.desc())
    return (
        select(record_state)
        .ext(distinct_on(record_state.c.subject, record_state.c.version))
        .where(record_state.c.known_at <= as_of)
        .order_by(*newest_first)
        .subquery()
    )


def _narrowed(query: Select[Any], states: FromClause, wanted: Filter) -> Select[Any]:
    fields = states.c.fields
    if wanted.subject is not None:
        query = query.where(states.c.subject == wanted.subject)
    if wanted.q:
        query = query.where(_mentions(states, wanted.q))
    if wanted.owner is not None:
        query = query.where(_is_owned_by(fields, wanted.owner))
    if wanted.tag is not None:
        name, equals, value = wanted.tag.partition("=")
        query = query.where(fields.contains({"tags": {name: value}}) if equals else fields["tags"].has_key(name))
    if wanted.registered is not None:
        query = query.where(states.c.registered == wanted.registered)
    if wanted.reader is not None:
        query = query.where(_is_shown_to(states, wanted.reader))
    return query


def _is_shown_to(states: FromClause, reader: str) -> ColumnElement[bool]:
    """What counts is the record as it is now, also when an earlier state is listed."""
    now = record.alias("now")
    is_shown = or_(now.c.classification.in_(sorted(OPEN)), _is_owned_by(now.c.fields, reader))
    same = (now.c.subject == states.c.subject, now.c.version == states.c.version)
    return exists(select(1).select_from(now).where(*same, is_shown))


def _mentions(states: FromClause, q: str) -> ColumnElement[bool]:
    texts = [states.c.subject, *(states.c.fields[name].astext for name in _SEARCHED)]
    return or_(false(), *(text.icontains(q, autoescape=True) for text in texts))


def _is_owned_by(fields: ColumnElement[Any], owner: str) -> ColumnElement[bool]:
    owners = func.jsonb_each_text(func.coalesce(fields["owners"], func.jsonb_build_object())).table_valued(
        "key", "value"
    )
    return exists(select(1).select_from(owners).where(owners.c.value.cast(String) == owner))
