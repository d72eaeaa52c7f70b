"""What was refused and why, and another try once the cause is mended."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse
from sqlalchemy.ext.asyncio import AsyncConnection

from govbus.contracts.envelope import format_time
from govbus.eventing.access import Principal
from govbus.eventing.outbox import Outbox
from govbus.eventing.paging import (
    DEFAULT_COUNT,
    Limit,
    Page,
    decode_cursor,
    encode_cursor,
    page,
)
from govbus.eventing.problems import Problem
from govbus.intake.admission import Outcome
from govbus.intake.api.answers import TAKEN, answer_all
from govbus.intake.callers import Callers
from govbus.intake.domain.deliveries import read_delivery
from govbus.intake.domain.inputs import Input, Unit
from govbus.intake.domain.refusals import Refused
from govbus.intake.domain.source import Source
from govbus.intake.domain.units import read_record, read_request
from govbus.intake.reception import Reception, reading
from govbus.intake.store import rejected, sources
from govbus.intake.store.rejected import Rejection


def router(reception: Reception, callers: Callers) -> APIRouter:
    """Return the routes over refused input."""
    routes = APIRouter(tags=["rejected"])
    Operator = Annotated[Principal, Depends(callers.person("operator", "admin"))]  # noqa: N806 - a type

    @routes.get("/v1/rejected")
    async def listed(
        request: Request,
        source: Annotated[str | None, Query(max_length=100)] = None,
        limit: Limit = DEFAULT_COUNT,
        cursor: str | None = None,
    ) -> Page:
        """List refused and ignored input, newest first; a platform sees its own."""
        caller = await callers.reader(request)
        name = caller.name if isinstance(caller, Source) else source
        before = decode_cursor(cursor, int)
        async with reading(reception.transaction) as connection:
            found = await rejected.page(connection, name, before[0] if before else None, limit + 1)
        items = [_document(one) for one in found]
        more = found[limit - 1].ordinal if len(found) > limit else None
        return page(items, limit, encode_cursor(more) if more is not None else None)

    @routes.post("/v1/rejected/{rejected_id}/replay", status_code=202, responses=TAKEN)
    async def replay(rejected_id: UUID, principal: Operator, request: Request) -> JSONResponse:
        """Read refused input again, as its sender, with the mappings and rights of now."""

        async def admit(connection: AsyncConnection, outbox: Outbox) -> list[Outcome]:
            source, units = await _again(connection, rejected_id, reception)
            outcomes = await reception.admission.admit(connection, outbox, source, units)
            if any(outcome.status != "rejected" for outcome in outcomes):
                await rejected.mark_replayed(connection, rejected_id, reception.clock(), principal.id)
            return outcomes

        outcomes = await reception.transacted(admit)
        reception.count(outcomes)
        return answer_all(outcomes, request.url.path)

    return routes


async def _again(connection: AsyncConnection, rejected_id: UUID, reception: Reception) -> tuple[Source, list[Unit]]:
    found = await rejected.find_sealed(connection, rejected_id)
    if found is None:
        raise Problem(status=404, reason="not_found", title="No such rejection", detail="GET /v1/rejected lists them.")
    kept, sealed = found
    if kept.replayed_at is not None:
        raise Problem(status=409, reason="already_replayed", title="Already replayed", detail="It was taken then.")
    registration = await sources.find(connection, kept.source_name)
    if sealed is None or registration is None:
        raise Problem(
            status=410,
            reason="input_gone",
            title="Cannot be replayed",
            detail="Its bytes were too large to be kept, or are gone after 30 days, or its sender is no platform.",
        )
    source = registration.source
    return source, _read(reception.admission.opened(kept, sealed), source, reception)


def _read(input_: Input, source: Source, reception: Reception) -> list[Unit]:
    now = reception.clock()
    if input_.channel in {"webhook", "import"}:
        return read_delivery(input_, source, reception.mappings, now)
    if input_.channel == "kafka":
        headers = [(name, value.encode()) for name, value in input_.headers]
        return [read_record(headers, input_.body, source, reception.mappings, now)]
    try:
        _, units = read_request(input_, source, reception.mappings, now)
    except Refused as refusal:
        return [Unit(input_, refused=refusal)]
    if len(units) != 1:
        return [Unit(input_, refused=Refused("invalid_envelope", "a batch is replayed event by event"))]
    return units


def _document(kept: Rejection) -> dict[str, Any]:
    return {
        "id": str(kept.id),
        "source_name": kept.source_name,
        "channel": kept.channel,
        "disposition": kept.disposition,
        "reason": kept.reason,
        "detail": kept.detail,
        "claimed": dict(kept.claimed),
        "errors": list(kept.errors),
        "received_at": format_time(kept.received_at),
        "raw_sha256": kept.raw_sha256.hex() if kept.raw_sha256 else None,
        "raw_bytes_count": kept.raw_bytes_count,
        "replay": f"/v1/rejected/{kept.id}/replay",
        "replayed_at": format_time(kept.replayed_at) if kept.replayed_at else None,
        "replayed_by": kept.replayed_by,
    }
