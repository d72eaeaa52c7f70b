"""Refusals about evidence packs and figures, each with what to do."""

from govbus.audit_log.evidence import NotOrdered
from govbus.audit_log.store.evidence_packs import StoredPack
from govbus.eventing.problems import Problem

_NOT_NOW_SECONDS = "60"
_NOT_READY_SECONDS = "2"
_BEHIND_SECONDS = "5"


def invalid(pointer: str, why: str) -> Problem:
    """Return 422 for one member of the body or one query parameter."""
    return Problem(
        status=422,
        reason="invalid_request",
        title="Request refused",
        detail="Mend what `errors` names and ask again.",
        errors=[{"pointer": pointer, "detail": why}],
    )


def no_such_pack() -> Problem:
    """Return 404: nobody asked for this pack lately."""
    return Problem(
        status=404,
        reason="no_such_pack",
        title="No such pack",
        detail="It was never asked for, or its time is over. Ask for it again: the same order gives the same pack.",
    )


def not_ordered(error: NotOrdered) -> Problem:
    """Return 503 while too many are being made, else 404: there is nothing to pack."""
    if error.reason == "too_many_packs":
        return Problem(
            status=503,
            reason=error.reason,
            title="Not now",
            detail=error.detail,
            headers={"Retry-After": _NOT_NOW_SECONDS},
        )
    return Problem(status=404, reason=error.reason, title="Nothing to pack", detail=error.detail)


def too_many_entries(subject: str, limit_count: int) -> Problem:
    """Return 422: more belongs to the subject than a pack may hold."""
    return Problem(
        status=422,
        reason="too_many_entries",
        title="Too much for one pack",
        detail=f"More than {limit_count} entries belong to {subject}. Take them with GET /v1/log/export, or ask for an "
        "earlier `as_of`; GOVBUS_AUDIT_LOG_PACK_ENTRIES_COUNT raises the limit.",
    )


def for_auditors() -> Problem:
    """Return 403: the pack holds what only auditors see."""
    return Problem(
        status=403,
        reason="role_missing",
        title="Not allowed",
        detail="Payloads that are not public or internal are shown to auditors, on record: leave `confidential` out.",
    )


def not_ready(pack: StoredPack) -> Problem:
    """Return 409: being made, or failed."""
    detail = f"It could not be made: {pack.error}" if pack.state == "failed" else "It is being made. Ask again."
    return Problem(
        status=409,
        reason="pack_not_ready",
        title="Not ready",
        detail=detail,
        headers={"Retry-After": _NOT_READY_SECONDS},
    )


def figures_behind(how_far: str) -> Problem:
    """Return 503: the fold has not come so far yet."""
    return Problem(
        status=503,
        reason="figures_behind",
        title="Being folded",
        detail=f"The figures are being folded from the log: {how_far}. Ask again.",
        headers={"Retry-After": _BEHIND_SECONDS},
    )
