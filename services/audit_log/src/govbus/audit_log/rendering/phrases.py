"""Sentences of a report that HTML and PDF share."""

from typing import Final

from govbus.audit_log.domain.index_ranges import ranges_of
from govbus.audit_log.domain.report import Report, Unread

NOTHING: Final = "Nothing on record."

RELATIONS: Final = {
    "subject": "the subject of this report",
    "named": "named by it: used, trained on, supplied by",
    "correlated": "correlated with its events",
}


def entries(indexes: tuple[int, ...]) -> str:
    """Return how entries are cited: `entry 7`, `entries 3-5, 9`."""
    spans = ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in ranges_of(indexes))
    return f"{'entry' if len(indexes) == 1 else 'entries'} {spans}"


def unread(item: Unread) -> str:
    """Return why an entry that would answer is not quoted."""
    match item.reason:
        case "erased":
            why = f"its payload was erased, which entry {item.erasure_index} puts on record"
        case "pruned":
            why = "its payload was removed when the time for keeping it was over"
        case "unreadable":
            why = "its payload is not JSON"
        case _:
            why = f"its payload is {item.reason} and withheld from this report; an auditor may ask for it"
    return f"Entry {item.index} answers this, but {why}."


def not_shown(count: int) -> str:
    """Return the sentence about what was left out of long lists."""
    return f"{count} older entries answer this too; they are in entries.ndjson."


def scope(report: Report) -> str:
    """Return what the report rests on, in one sentence."""
    counts = report.counts
    span = f", known from {counts.first_known_at} to {counts.last_known_at}" if counts.first_known_at else ""
    return (
        f"{counts.entries_count} entries of the log{span}; {counts.withheld_count} with a withheld payload, "
        f"{counts.erased_count} whose payload is gone. Every statement names the entries it is taken from, "
        "and nothing but these entries is quoted."
    )


def limits() -> str:
    """Return what the report does not show."""
    return (
        "The log proves that these entries existed, in this order, unchanged. It does not prove that what the "
        "platforms said is true, nor that everything that happened was said."
    )
