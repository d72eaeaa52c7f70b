"""What a query string asks for: the same parameters for the list, the stream and the export."""

import dataclasses
from datetime import datetime
from typing import Annotated, Final

from fastapi import Query

from govbus.audit_log.api import refusals
from govbus.audit_log.domain.search import Wanted
from govbus.contracts.envelope import parse_time

TEXT_CHARACTERS: Final = 200
"""Of a full-text search: some twenty words."""

PATTERN_PARTS: Final = 8
"""Stars in a pattern of types; names have some four parts."""

_Index = Annotated[int | None, Query(ge=0, lt=2**63)]


def wanted_entries(
    id: str | None = None,  # noqa: A002 - the parameter's name on the wire
    subject: Annotated[str | None, Query(description="one subject, or `model/bank/*` for all below")] = None,
    type: Annotated[str | None, Query(description="`*` is any characters")] = None,  # noqa: A002 - as on the wire
    source: str | None = None,
    kind: str | None = None,
    actor: str | None = None,
    correlation: str | None = None,
    causation: str | None = None,
    text: Annotated[str | None, Query(description='words, `"a phrase"`, `or`, `-not`; in open payloads alone')] = None,
    since: Annotated[str | None, Query(description="RFC 3339, included")] = None,
    until: Annotated[str | None, Query(description="RFC 3339, excluded")] = None,
    from_: Annotated[_Index, Query(alias="from", description="first index")] = None,
    to: Annotated[_Index, Query(description="index behind the last")] = None,
) -> Wanted:
    """Return what a query asks for.

    Raises:
        Problem: 422, a parameter means nothing.
    """
    wanted = Wanted(
        id=id,
        subject=subject,
        type=type,
        source=source,
        kind=kind,
        actor=actor,
        correlation=correlation,
        causation=causation,
        text=text,
        since=_moment("since", since),
        until=_moment("until", until),
        from_index=from_ or 0,
        below_index=to,
    )
    for name, value in dataclasses.asdict(wanted).items():
        if isinstance(value, str):
            refuse_nul(name, value)
    if type is not None and type.count("*") > PATTERN_PARTS:
        raise refusals.invalid_query("type", f"more than {PATTERN_PARTS} stars")
    if text is not None and (len(text) > TEXT_CHARACTERS or not any(map(str.isalnum, text))):
        raise refusals.invalid_query("text", f"not words of at most {TEXT_CHARACTERS} characters")
    return wanted


def refuse_nul(name: str, value: str) -> None:
    """Return if PostgreSQL can compare a text.

    Raises:
        Problem: 422, it holds a NUL character.
    """
    if "\0" in value:
        raise refusals.invalid_query(name, "holds a NUL character")


def _moment(name: str, text: str | None) -> datetime | None:
    try:
        return None if text is None else parse_time(text.replace(" ", "+"))
    except ValueError as error:
        raise refusals.invalid_query(name, str(error)) from None
