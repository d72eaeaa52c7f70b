"""What an answer of intake says of the events that were sent: taken, refused for good, or to be sent again. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from govbus.sdk.failures import Refused
from govbus.sdk.spool.rows import Refusal, Waiting

_TAKEN: Final = frozenset({"accepted", "duplicate", "ignored"})
_TOO_MANY: Final = 429
_TOO_SLOW: Final = 408
_SERVER_ERROR: Final = 500
_FAULTY: Final = frozenset({400, 409, 413, 415, 422})
"""Statuses of a whole request that mean the events themselves; 401, 403 and 404 mean credential or address."""


class UnknownAnswer(ValueError):
    """An answer that intake would not give: nothing may be concluded from it."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Positions that were taken, refusals, and why the rest waits (None: nothing is left)."""

    taken: tuple[int, ...]
    refused: tuple[Refusal, ...]
    waits_for: str | None


def judge_results(sent: Sequence[Waiting], results: Any) -> Verdict:
    """Return what the results of a batch say, one per event and in its order.

    A result with 408, 429 or 5xx leaves its event waiting: the same event is sent again.

    Raises:
        UnknownAnswer: not one result per event.
    """
    if not isinstance(results, list) or len(results) != len(sent):
        raise UnknownAnswer("the answer has not one result per event: is this really Govbus's address?")
    taken: list[int] = []
    refused: list[Refusal] = []
    waits_for = None
    for event, result in zip(sent, results, strict=True):
        problem = _problem(result)
        if problem is None:
            taken.append(event.position)
        elif _passes(problem["status"]):
            waits_for = waits_for or _words(problem)
        else:
            refused.append(Refusal(event.position, problem["status"], problem))
    return Verdict(tuple(taken), tuple(refused), waits_for)


def means_the_events(refusal: Refused) -> bool:
    """Return whether a refused request was refused for what its events are, so that sending it again is useless."""
    return refusal.status in _FAULTY and bool(refusal.problem.get("type"))


def judge_single(sent: Waiting, refusal: Refused) -> Verdict:
    """Return the verdict on an event that was sent alone and refused for what it is."""
    return Verdict((), (Refusal(sent.position, refusal.status, refusal.problem),), None)


def _problem(result: Any) -> dict[str, Any] | None:
    """Return a result's problem, None when its event was taken."""
    status = result.get("status") if isinstance(result, dict) else None
    if status in _TAKEN:
        return None
    problem = result.get("problem") if status == "rejected" else None
    if not isinstance(problem, dict) or not isinstance(problem.get("status"), int):
        raise UnknownAnswer("a result is neither taken nor a problem: is this really Govbus's address?")
    return problem


def _passes(status: int) -> bool:
    return status in {_TOO_MANY, _TOO_SLOW} or status >= _SERVER_ERROR


def _words(problem: dict[str, Any]) -> str:
    return f"{problem.get('title')}: {problem.get('detail')}"
