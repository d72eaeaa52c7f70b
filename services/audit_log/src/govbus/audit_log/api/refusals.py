"""Answers that are refusals, each with what to do."""

from govbus.eventing.problems import Problem


def no_such_entry(index: int, size: int) -> Problem:
    """Return 404: the log has no entry at `index`."""
    return Problem(
        status=404,
        reason="no_such_entry",
        title="No such entry",
        detail=f"The log has {size} entries, numbered from 0; there is none at {index}.",
    )


def no_such_event(event_id: str) -> Problem:
    """Return 404: no event of this id is in the log."""
    return Problem(
        status=404,
        reason="no_such_event",
        title="No such event",
        detail=f"No event with id {event_id[:100]!r} is in the log; what was just emitted may not be sequenced yet.",
    )


def not_covered(index: int, checkpoint_size: int) -> Problem:
    """Return 409: sequenced, but no checkpoint covers it yet."""
    return Problem(
        status=409,
        reason="not_covered_yet",
        title="Not covered by a checkpoint yet",
        detail=f"The newest checkpoint has size {checkpoint_size}; the next one covers entry {index}. Ask again.",
        headers={"Retry-After": "1"},
    )


def nothing_signed() -> Problem:
    """Return 404: the log is empty."""
    return Problem(
        status=404,
        reason="no_checkpoint_yet",
        title="No checkpoint yet",
        detail="The first checkpoint is signed when the first record was sequenced. Emit something and ask again.",
    )


def nothing_witnessed() -> Problem:
    """Return 404: no quorum of witnesses has cosigned a checkpoint."""
    return Problem(
        status=404,
        reason="no_witnessed_checkpoint_yet",
        title="No witnessed checkpoint yet",
        detail="No quorum of witnesses has cosigned a checkpoint; `/v1/log/witnesses` says how far each has come.",
    )


def no_such_tile(path: str, why: str) -> Problem:
    """Return 404: no tile at this address, or not under a checkpoint yet."""
    return Problem(status=404, reason="no_such_tile", title="No such tile", detail=f"{path[:100]}: {why}")


def invalid_query(field: str, why: str) -> Problem:
    """Return 422 for one query parameter."""
    return Problem(
        status=422,
        reason="invalid_request",
        title="Request refused",
        detail="Mend what `errors` names and ask again.",
        errors=[{"pointer": f"/query/{field}", "detail": why}],
    )


def no_such_size(size: int, newest_size: int) -> Problem:
    """Return 404: no checkpoint was signed of a tree of this size."""
    return Problem(
        status=404,
        reason="no_such_checkpoint",
        title="No checkpoint of this size",
        detail=f"No checkpoint of size {size} was signed; leave `size` out for the newest, of size {newest_size}.",
    )


def export_too_large(count: int, limit_count: int) -> Problem:
    """Return 422: more rows than one export may have."""
    return Problem(
        status=422,
        reason="export_too_large",
        title="Too much for one export",
        detail=f"{count} entries match, an export has at most {limit_count}: ask for a part with `from` and `to`.",
    )


def too_many_exports(retry_seconds: int) -> Problem:
    """Return 429: as many exports are being written as may be at once."""
    return Problem(
        status=429,
        reason="too_many_exports",
        title="Exports are being written",
        detail="As many exports are being written as may be at once. Ask again when one has ended.",
        headers={"Retry-After": str(retry_seconds)},
    )


def too_many_streams(retry_seconds: int) -> Problem:
    """Return 429: as many streams are read as may be at once."""
    return Problem(
        status=429,
        reason="too_many_streams",
        title="Too many streams",
        detail="As many streams are read from this process as may be at once. Ask again, or read the list in pages.",
        headers={"Retry-After": str(retry_seconds)},
    )


def export_failed() -> Problem:
    """Return 503: the process that writes the export ended before it had written anything."""
    return Problem(
        status=503,
        reason="export_failed",
        title="The export could not be written",
        detail="Nothing was written; the service's log says why. Ask again, or for less.",
    )


def auditors_only() -> Problem:
    """Return 403: payloads that are not open to everyone were asked for."""
    return Problem(
        status=403,
        reason="role_missing",
        title="Not allowed",
        detail="Payloads that are not public or internal are shown to auditors, on record: leave `confidential` out.",
    )


def stopped(why: str) -> Problem:
    """Return 503: what must be put on record cannot be, so it is not shown."""
    return Problem(
        status=503,
        reason="log_stopped",
        title="The log takes no entries",
        detail=f"Reading this must be put on record first, and that is not possible now: {why}",
    )
