"""Answers that refuse an erasure or the lifting of a hold, each with what to do."""

from typing import Final

from govbus.eventing.problems import Problem

_STATUS: Final = {
    "no_such_erasure": 404,
    "no_such_hold": 404,
    "done": 409,
    "held": 409,
    "lifted": 409,
    "nothing_there": 409,
    "same_person": 403,
    "too_many": 422,
}
_TITLE: Final = {
    "no_such_erasure": "No such erasure",
    "no_such_hold": "No such hold",
    "done": "Confirmed already",
    "held": "A hold covers it",
    "lifted": "Lifted already",
    "nothing_there": "Nothing there",
    "same_person": "Two people are needed",
    "too_many": "Too many at once",
}


def refused(reason: str, detail: str) -> Problem:
    """Return the problem of a reason from the closed lists of `erasing` and `holding`."""
    return Problem(status=_STATUS[reason], reason=reason, title=_TITLE[reason], detail=detail)


def no_eraser() -> Problem:
    """Return 409: this service was given no role that may delete payloads; asking again changes nothing."""
    return Problem(
        status=409,
        reason="no_eraser",
        title="Nothing can be erased here",
        detail="Set GOVBUS_AUDIT_LOG_ERASER_POSTGRES_URL to the role govbus_audit_log_eraser and start the log again.",
    )
