"""How the paths, dates and pages of a list name records."""

from typing import Annotated

from fastapi import Query

from govbus.contracts.fields import Moment
from govbus.contracts.subjects import Subject
from govbus.eventing.paging import decode_cursor

AsOf = Annotated[Moment | None, Query(description="What the inventory said then; RFC 3339 with offset.")]


def model_subject(namespace: str, name: str) -> str:
    """Return the subject of a model whose segments stand, decoded, in a path."""
    return str(Subject("model", (namespace, name)))


def behind(cursor: str | None) -> str | None:
    """Return the key of the last item of the page before, None for the first page."""
    decoded = decode_cursor(cursor, str)
    return decoded[0] if decoded else None
