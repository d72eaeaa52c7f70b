"""What can go wrong between a caller and Govbus, as exceptions that say what to do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

from typing_extensions import override

_SHOWN_COUNT: Final = 20
"""Differences told in one message; whoever wants all reads them from the exception."""


class GovbusFailure(Exception):
    """Base of everything that the SDK raises on purpose."""


class NotConfigured(GovbusFailure):
    """It is not known where Govbus is, or who asks."""


class Unreachable(GovbusFailure):
    """No answer, or none that is Govbus's; whether the request was done is unknown: repeat it under the same id.

    `retry_after_seconds` is what the answer asked to wait, None when it did not.
    """

    def __init__(self, message: str, retry_after_seconds: float | None = None) -> None:
        """Keep what was seen."""
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class Refused(GovbusFailure):
    """Govbus answered with a problem (RFC 9457); `reason` is the last part of its `type`, `problem` the document.

    `retry_after_seconds` is what the answer asked to wait, None when it did not.
    """

    def __init__(self, status: int, problem: Mapping[str, Any], retry_after_seconds: float | None = None) -> None:
        """Keep status and problem; the message is title, detail and the places named in `errors`."""
        self.status = status
        self.problem = dict(problem)
        self.retry_after_seconds = retry_after_seconds
        self.reason = str(problem.get("type", "about:blank")).rpartition("/")[2].replace("-", "_")
        places = [f"{item.get('pointer', '')}: {item.get('detail', '')}" for item in _errors(problem)]
        words = [str(problem.get("title", f"HTTP {status}")), str(problem.get("detail", "")), *places]
        super().__init__("; ".join(word for word in words if word))


class SpoolUnusable(GovbusFailure):
    """The spool cannot be opened or written: the event was not kept; the message says what to do."""


class SpoolFull(SpoolUnusable):
    """The spool holds as much as it may: this event was not kept, all earlier ones are."""


class NotProvisioned(GovbusFailure):
    """Kafka could not be set up for a platform; what is missing is said, and asking again makes it."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One place that is not as it was signed: a file, a row, an entry; `index` is the entry's where there is one."""

    place: str
    detail: str
    index: int | None = None

    @override
    def __str__(self) -> str:
        """The sentence."""
        return f"{self.place}: {self.detail}"


class NotProved(GovbusFailure):
    """A proof, a checkpoint or a log does not show what it claims; nothing may be concluded from it.

    `differences` are the places that are not as they were signed, where they could be told.
    """

    def __init__(self, message: str, differences: Sequence[Difference] = ()) -> None:
        """Keep the sentence and the places."""
        super().__init__(message)
        self.differences = tuple(differences)

    @classmethod
    def at(cls, place: str, detail: str, index: int | None = None) -> Self:
        """Return the failure of one place."""
        return cls.of([Difference(place, detail, index)])

    @classmethod
    def of(cls, differences: Sequence[Difference]) -> Self:
        """Return the failure of several places; the message names the first ones."""
        lines = [str(difference) for difference in differences[:_SHOWN_COUNT]]
        if len(differences) > _SHOWN_COUNT:
            lines.append(f"and {len(differences) - _SHOWN_COUNT} more places")
        return cls("\n".join(lines), differences)


def _errors(problem: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found = problem.get("errors")
    return [item for item in found if isinstance(item, Mapping)] if isinstance(found, list) else []
