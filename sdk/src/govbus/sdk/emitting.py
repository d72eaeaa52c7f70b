"""Saying what happened: events to intake, answered only after they are stored."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from govbus.contracts.envelope import Event
from govbus.sdk.cloudevents import Sendable, binary, structured
from govbus.sdk.transport import Answer, Transport

PATH = "/v1/events"


@dataclass(frozen=True, slots=True)
class Result:
    """What intake said of one event: `accepted`, `duplicate`, `ignored` or `rejected`.

    `position` may be given to the gate as `after`. `problem` says why it was rejected.
    """

    id: str
    status: str
    position: str | None = None
    problem: dict[str, Any] | None = None


def send(transport: Transport, token: str, body: Sendable) -> list[Result]:
    """Send one event or a batch; repeat it with the same ids after `Unreachable`, that is safe.

    Raises:
        Refused: a single event was rejected; of a batch each result tells.
        Unreachable: whether it was stored is unknown.
    """
    headers = {"content-type": body.content_type}
    answer = transport.request("POST", PATH, token, content=body.content, headers=headers)
    if not body.is_batch:
        return [_result(body.ids[0], answer.document())]
    return _results(body.ids, answer)


def send_event(transport: Transport, token: str, event: Event, *, in_binary_mode: bool = False) -> Result:
    """Send one event, in structured mode unless told otherwise."""
    if not in_binary_mode:
        return send(transport, token, structured(event))[0]
    headers, content = binary(event)
    answer = transport.request("POST", PATH, token, content=content, headers=headers)
    return _result(event.id, answer.document())


def _results(ids: Sequence[str], answer: Answer) -> list[Result]:
    found = answer.document().get("results")
    items = found if isinstance(found, list) else []
    return [_result(id_, item) for id_, item in zip(ids, items, strict=False) if isinstance(item, dict)]


def _result(id_: str, document: dict[str, Any]) -> Result:
    problem = document.get("problem")
    return Result(
        id=str(document.get("id") or id_),
        status=str(document.get("status") or "accepted"),
        position=document.get("position"),
        problem=problem if isinstance(problem, dict) else None,
    )
