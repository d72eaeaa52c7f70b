"""What emitters are told: outcomes as JSON, refusals as problems."""

from typing import Any, Final

from fastapi.responses import JSONResponse

from govbus.eventing.problems import MEDIA_TYPE, Problem
from govbus.intake.admission import Outcome
from govbus.intake.domain.refusals import UNAUTHENTICATED, Refused

TAKEN: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "Nothing new: taken before, or of a kind that is left out; the reason says which"},
    202: {"description": "Taken; for several, one result each"},
}
"""What routes that take input document of their answers."""

_STATUS: Final = {"accepted": 202, "duplicate": 200, "ignored": 200}


def problem_of(refusal: Refused) -> Problem:
    """Return the problem that tells a sender about a refusal."""
    return Problem(
        status=refusal.status,
        reason=refusal.reason,
        title=refusal.title,
        detail=refusal.detail,
        errors=[{"pointer": place.pointer, "detail": place.detail} for place in refusal.places],
        headers={"WWW-Authenticate": "Bearer"} if refusal.status == UNAUTHENTICATED else None,
    )


def answer(outcome: Outcome, instance: str) -> JSONResponse:
    """Return the answer to one unit sent alone."""
    if outcome.refusal is not None:
        problem = problem_of(outcome.refusal)
        document = {**problem.document(instance), "rejected_id": outcome.rejected_id}
        return JSONResponse(document, problem.status, headers=problem.headers, media_type=MEDIA_TYPE)
    return JSONResponse(_document(outcome), _STATUS[outcome.status])


def answer_all(outcomes: list[Outcome], instance: str) -> JSONResponse:
    """Return the answer to a delivery: that of a unit alone, or one result per part."""
    return answer(outcomes[0], instance) if len(outcomes) == 1 else batch_answer(outcomes, instance)


def batch_answer(outcomes: list[Outcome], instance: str) -> JSONResponse:
    """Return the answer to a batch: one result per event, in its order."""
    return JSONResponse({"results": [result(outcome, instance) for outcome in outcomes]}, 202)


def _document(outcome: Outcome) -> dict[str, Any]:
    document: dict[str, Any] = {"status": outcome.status}
    if outcome.unit.claimed.get("id"):
        document["id"] = outcome.unit.claimed["id"]
    if outcome.positions:
        document["position"] = outcome.positions[-1]
    if len(outcome.positions) > 1:
        document["positions"] = list(outcome.positions)
    if outcome.unit.ignored is not None:
        document["reason"] = outcome.unit.ignored.reason
    return document


def result(outcome: Outcome, instance: str) -> dict[str, Any]:
    """Return what became of one of several units."""
    document = {"id": outcome.unit.claimed.get("id"), **_document(outcome)}
    if outcome.refusal is not None:
        problem = problem_of(outcome.refusal).document(instance)
        document["problem"] = {**problem, "rejected_id": outcome.rejected_id}
    return document
