"""`GET /v1/risk/{kind}/{namespace}/{name}`: the score with its contributions, now or at a date."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends

from govbus.contracts.envelope import format_time
from govbus.contracts.fields import Moment
from govbus.contracts.subjects import GOVERNED_KINDS, Subject
from govbus.eventing.access import Principal
from govbus.eventing.problems import Problem
from govbus.eventing.service import Service
from govbus.risk.store import subjects


def router(service: Service) -> APIRouter:
    """Return the routes of risk scores."""
    routes = APIRouter(prefix="/v1/risk", tags=["risk"])
    reader = Depends(service.access.require("viewer"))

    @routes.get("/{kind}/{namespace}/{name:path}")
    async def show(
        kind: str, namespace: str, name: str, _: Annotated[Principal, reader], as_of: Moment | None = None
    ) -> dict[str, Any]:
        """Show the score: four dimensions, each with contributions from which it can be recomputed by hand."""
        subject = str(Subject(kind, (namespace, name)))
        found = await _find(service, subject, as_of) if kind in GOVERNED_KINDS else None
        if found is None:
            raise Problem(
                status=404,
                reason="not_scored",
                title="Not scored",
                detail=f"Nothing was known of {subject} then; model.registered makes it known.",
            )
        return found

    return routes


async def _find(service: Service, subject: str, moment: datetime | None) -> dict[str, Any] | None:
    async with service.engine.connect() as connection:
        row = await subjects.score_as_of(connection, subject, moment)
    if row is None:
        return None
    known = {"subject": subject, "known_at": format_time(row["known_at"]), "event_id": row["event_id"]}
    return {**known, "caused_by": row["caused_by"], **row["scored"]}
