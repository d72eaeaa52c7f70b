"""Moments in the past that answers are asked for."""

from datetime import UTC, datetime, timedelta
from typing import Final

from govbus.audit_log.api import evidence_refusals as problems
from govbus.contracts.envelope import parse_time

_AHEAD: Final = timedelta(seconds=5)
"""A caller's clock may be so much ahead of ours."""


def past_moment(pointer: str, text: str | None) -> datetime | None:
    """Return the moment written in a request, None when none is.

    Raises:
        Problem: 422, not RFC 3339, or not in the past: the answer would change.
    """
    if text is None:
        return None
    try:
        moment = parse_time(text.replace(" ", "+"))
    except ValueError as error:
        raise problems.invalid(pointer, str(error)) from None
    if moment > datetime.now(UTC) + _AHEAD:
        raise problems.invalid(pointer, "lies in the future: what will be on record then is not known")
    return moment
