"""`POST /v1/imports`: a report or a table from a file, read by the mapping that the sender names.

A large file is taken in runs, and who asks for `application/x-ndjson` is told of each: progress while it goes on, then
the summary. Sent again it changes nothing: what was taken is a duplicate.
"""

import json
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from govbus.eventing.problems import Problem
from govbus.intake.admission import Outcome, chunks
from govbus.intake.api.answers import TAKEN, answer_all, result
from govbus.intake.api.bodies import body_limit_bytes, headers_of, read_body
from govbus.intake.callers import Callers
from govbus.intake.domain.deliveries import STATED, read_delivery
from govbus.intake.domain.inputs import Input, Unit
from govbus.intake.domain.refusals import Refused
from govbus.intake.domain.source import Source
from govbus.intake.reception import Reception

NDJSON: Final = "application/x-ndjson"
_BODY: Final = {"requestBody": {"required": True, "content": {"application/octet-stream": {"schema": {}}}}}
_Stated = Annotated[str | None, Field(max_length=1024)]


class Asked(BaseModel):
    """Query of `POST /v1/imports`: the mapping that reads the file, and what the file does not say of itself."""

    model_config = ConfigDict(extra="forbid")

    reads: str = Field(alias="as", min_length=1, max_length=63, description="name of an installed mapping")
    subject: _Stated = None
    version: _Stated = None
    environment: _Stated = None
    evaluator: _Stated = None
    time: _Stated = None
    namespace: _Stated = None

    @property
    def stated(self) -> dict[str, str]:
        """What stands beside the payload."""
        return {name: value for name in STATED if (value := getattr(self, name))}


def router(reception: Reception, callers: Callers) -> APIRouter:
    """Return the import route."""
    routes = APIRouter(tags=["imports"])

    @routes.post("/v1/imports", status_code=202, responses=TAKEN, openapi_extra=_BODY)
    async def take(request: Request, asked: Annotated[Asked, Query()]) -> Response:
        """Take a file in; what the payload does not say of itself stands in the address."""
        source, units = await _read(request, asked, reception, callers)
        if NDJSON in request.headers.get("accept", ""):
            return StreamingResponse(_told(source, units, reception, request.url.path), media_type=NDJSON)
        outcomes = await reception.take(source, units)
        return _counted(answer_all(outcomes, request.url.path), outcomes)

    return routes


async def _read(request: Request, asked: Asked, reception: Reception, callers: Callers) -> tuple[Source, list[Unit]]:
    source, refusal = await callers.emitter(request)
    headers = headers_of(request)
    input_ = Input("import", headers, None, asked.stated, asked.reads)
    if refusal is not None:
        return source, [Unit(input_, refused=refusal)]
    if not await reception.has_mapping(asked.reads):
        installed = ", ".join(sorted(reception.mappings))
        raise Problem(
            status=422,
            reason="invalid_request",
            title="Request refused",
            detail=f"Installed mappings: {installed}.",
            errors=[{"pointer": "/as", "detail": f"{asked.reads!r} is not installed here"}],
        )
    try:
        body = await read_body(request, body_limit_bytes(source))
    except Refused as unread:
        return source, [Unit(input_, refused=unread)]
    whole = replace(input_, body=body)
    units = await reception.read(body, partial(read_delivery, whole, source, reception.mappings, reception.clock()))
    return source, units


async def _told(source: Source, units: Sequence[Unit], reception: Reception, instance: str) -> AsyncIterator[bytes]:
    """Yield one line per run with what was refused in it, and at the end the summary."""
    outcomes: list[Outcome] = []
    for run in chunks(units):
        taken = await reception.take(source, run)
        first = len(outcomes)
        outcomes += taken
        refused = [
            {"row": first + place, **result(outcome, instance)}
            for place, outcome in enumerate(taken)
            if outcome.status == "rejected"
        ]
        yield _line({"progress": {"done": len(outcomes), "of": len(units)}, "results": refused})
    yield _line({"summary": _summary(outcomes)})


def _counted(response: JSONResponse, outcomes: Sequence[Outcome]) -> JSONResponse:
    """Return the answer with a summary beside the results of several parts."""
    if len(outcomes) == 1:
        return response
    document = {**json.loads(bytes(response.body)), "summary": _summary(outcomes)}
    return JSONResponse(document, response.status_code)


def _summary(outcomes: Sequence[Outcome]) -> dict[str, int]:
    counts = Counter(outcome.status for outcome in outcomes)
    facts = sum(len(outcome.positions) for outcome in outcomes if outcome.status == "accepted")
    return {**{name: counts[name] for name in ("accepted", "duplicate", "rejected", "ignored")}, "facts": facts}


def _line(document: dict[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
