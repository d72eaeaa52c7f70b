"""Keyset pages: `{"items": [...], "next": cursor|null}`; a cursor is the opaque key of the last item."""

import base64
import binascii
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Query
from typing_extensions import TypedDict

from govbus.contracts import strict_json
from govbus.eventing.problems import Problem

LIMIT_COUNT: Final = 500
DEFAULT_COUNT: Final = 100
INT32_MAX: Final = 2**31 - 1
"""The largest key of a column of PostgreSQL's type integer."""

INT64_MAX: Final = 2**63 - 1

Limit = Annotated[int, Query(ge=1, le=LIMIT_COUNT, description="items of one page")]


class Page(TypedDict):
    """One page of a list."""

    items: list[dict[str, Any]]
    next: str | None


def encode_cursor(*key: str | int) -> str:
    """Return the opaque cursor of a sort key."""
    return base64.urlsafe_b64encode(strict_json.dump(list(key))).decode().rstrip("=")


def decode_cursor(
    cursor: str | None, *kinds: type[str] | type[int] | type[UUID], largest: int = INT64_MAX
) -> tuple[Any, ...] | None:
    """Return the sort key in `cursor`, each part of the given kind; None for the first page.

    An id is a text in the cursor and a UUID here; no whole number is beyond `largest`.

    Raises:
        Problem: 400, not a cursor of this list.
    """
    if not cursor:
        return None
    try:
        key = strict_json.parse(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if not isinstance(key, list):
            raise TypeError  # noqa: TRY301 - one way out for all that is no cursor
        return tuple(_part(part, kind, largest) for part, kind in zip(key, kinds, strict=True))
    except (binascii.Error, ValueError, TypeError):
        raise not_a_cursor() from None


def not_a_cursor() -> Problem:
    """Return the 400 problem of a cursor that no page gave."""
    return Problem(
        status=400,
        reason="invalid_cursor",
        title="Not a cursor",
        detail="Use `next` of the page before, or leave `cursor` out for the first page.",
    )


def _part(part: object, kind: type[str] | type[int] | type[UUID], largest: int) -> str | int | UUID:
    """Return one part of a key as a database can compare it: a cursor may be forged.

    Raises:
        ValueError: it cannot.
    """
    if kind is UUID and type(part) is str:
        return UUID(part)
    if type(part) is not kind:
        raise ValueError("of another kind")
    if isinstance(part, str) and "\x00" in part:
        raise ValueError("a NUL")
    if isinstance(part, int) and not -largest <= part <= largest:
        raise ValueError("beyond what a row is numbered by")
    return part


def page(items: list[dict[str, Any]], limit_count: int, next_cursor: str | None) -> Page:
    """Return a page of at most `limit_count` items, asked for with one more to know whether another follows."""
    return {"items": items[:limit_count], "next": next_cursor if len(items) > limit_count else None}
