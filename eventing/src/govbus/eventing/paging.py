"""Keyset pages: `{"items": [...], "next": cursor|null}`; a cursor is the opaque key of the last item."""

import base64
import binascii
from typing import Annotated, Any, Final

from fastapi import Query
from typing_extensions import TypedDict

from govbus.contracts import strict_json
from govbus.eventing.problems import Problem

LIMIT_COUNT: Final = 500
DEFAULT_COUNT: Final = 100
_INT64: Final = range(-(2**63), 2**63)

Limit = Annotated[int, Query(ge=1, le=LIMIT_COUNT, description="items of one page")]


class Page(TypedDict):
    """One page of a list."""

    items: list[dict[str, Any]]
    next: str | None


def encode_cursor(*key: str | int) -> str:
    """Return the opaque cursor of a sort key."""
    return base64.urlsafe_b64encode(strict_json.dump(list(key))).decode().rstrip("=")


def decode_cursor(cursor: str | None, *kinds: type[str] | type[int]) -> tuple[Any, ...] | None:
    """Return the sort key in `cursor`, each part of the given kind; None for the first page.

    Raises:
        Problem: 422, not a cursor of this list.
    """
    if not cursor:
        return None
    try:
        key = strict_json.parse(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError):
        key = None
    fits = (
        isinstance(key, list)
        and len(key) == len(kinds)
        and all(type(part) is kind and _is_storable(part) for part, kind in zip(key, kinds, strict=True))
    )
    if not fits or key is None:
        raise Problem(
            status=422,
            reason="invalid_cursor",
            title="Not a cursor",
            detail="Use `next` of the page before, or leave `cursor` out for the first page.",
        )
    return tuple(key)


def _is_storable(part: str | int) -> bool:
    """Return whether a database can compare with it: a cursor may be forged."""
    return "\x00" not in part if isinstance(part, str) else part in _INT64


def page(items: list[dict[str, Any]], limit_count: int, next_cursor: str | None) -> Page:
    """Return a page of at most `limit_count` items, asked for with one more to know whether another follows."""
    return {"items": items[:limit_count], "next": next_cursor if len(items) > limit_count else None}
