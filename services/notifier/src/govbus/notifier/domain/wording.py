"""What people read: a title (mail subject) and a summary per type of alert, from short templates.

Values come from outside, so each is one line without control or formatting characters before it is put in.
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from string import Template
from typing import Final

from govbus.notifier.domain.alert import Alert

TITLE_LIMIT_COUNT: Final = 160
"""Characters: mail programs and phones cut longer subjects."""

_VALUE_LIMIT_COUNT: Final = 400
_SUMMARY_LIMIT_COUNT: Final = 2000
_UNKNOWN: Final = "unknown"


@dataclass(frozen=True, slots=True)
class Words:
    """Templates of one type: `$name` stands for a detail, `$subject` and `$about` for what it concerns."""

    title: str
    summary: str


WORDS: Final[Mapping[str, Words]] = {
    "incident.opened": Words("Incident opened ($severity): $about", "$summary"),
    "incident.acknowledged": Words("Incident acknowledged: $about", "$by took incident $incident_id on."),
    "incident.resolved": Words("Incident resolved: $about", "$by resolved incident $incident_id: $resolution"),
    "validation.failed": Words(
        "Validation failed: $subject version $version", "The $kind validation of version $version failed: $reasons"
    ),
    "validation.passed": Words(
        "Validation passed: $subject version $version", "The $kind validation of version $version held every bound."
    ),
    "release.blocked": Words(
        "Release blocked: $subject version $version to $environment",
        "The gate answered $decision when $requested_by asked for version $version in $environment: $reasons",
    ),
    "release.allowed": Words(
        "Release allowed: $subject version $version to $environment",
        "The gate allowed version $version in $environment, asked for by $requested_by.",
    ),
    "threshold.breached": Words(
        "Bound broken ($severity): $metric of $subject",
        "$metric in $environment is $value, its bound ($bound_kind) is $bound, $consecutive_count windows in a row.",
    ),
    "drift.detected": Words(
        "Drift ($severity): $metric of $subject",
        "$metric in $environment is $value, its bound ($bound_kind) is $bound.",
    ),
    "asset.unregistered": Words(
        "Unregistered $missing $how: $subject",
        "$subject (version $version) was $how in $environment, and the inventory knows no such $missing.",
    ),
    "policy.activated": Words("Policy activated: $mode", "$activated_by activated bundle $digest to $mode."),
    "record.parked": Words(
        "Record parked in $service: $reason",
        "$service set aside record $topic/$partition/$offset ($reason): $detail See `govbus parked show`.",
    ),
    "record.resumed": Words("Parked record settled in $service", "Record $topic/$partition/$offset was $how by $by."),
    "audit.gap_detected": Words(
        "The audit log lacks records of $topic",
        "$missing_count record(s) of $topic/$partition, $first_offset to $last_offset, were deleted before the log "
        "read them. They are lost to it; the log goes on behind them.",
    ),
    "event.rejected": Words(
        "Input refused from $source_name: $reason", "$count input(s) of $source_name refused ($reason): $detail"
    ),
}
"""Types people may be told of; all others are not notified."""


@dataclass(frozen=True, slots=True)
class Wording:
    """Ready text."""

    title: str
    summary: str
    details: tuple[tuple[str, str], ...]


def word(alert: Alert) -> Wording:
    """Return title, summary and details of an alert; a confidential one says only what happened to what."""
    words = WORDS[alert.type]
    if alert.is_confidential:
        title = f"{alert.type}: {one_line(alert.subject)}"
        return Wording(title[:TITLE_LIMIT_COUNT], "Confidential: look it up in Govbus.", ())
    details = tuple((name, one_line(value)) for name, value in alert.details)
    values = _Known({"subject": one_line(alert.subject), "about": one_line(", ".join(alert.about or (alert.subject,)))})
    values.update({name: value for name, value in details if value})
    return Wording(
        _cut(Template(words.title).substitute(values), TITLE_LIMIT_COUNT),
        _cut(Template(words.summary).substitute(values), _SUMMARY_LIMIT_COUNT),
        details,
    )


def one_line(text: str) -> str:
    """Return `text` as one line without control and direction characters: safe in a header, a log and a subject."""
    spaced = "".join(" " if unicodedata.category(character)[0] in "CZ" else character for character in text)
    return _cut(" ".join(spaced.split()), _VALUE_LIMIT_COUNT)


def _cut(text: str, limit_count: int) -> str:
    return text if len(text) <= limit_count else text[: limit_count - 1] + "…"


class _Known(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return _UNKNOWN
