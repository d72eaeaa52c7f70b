"""Pruning over HTTP: what is due under the retention policy, and a round of it."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends

from govbus.audit_log.api import guard_refusals, refusals
from govbus.audit_log.domain.consistency import Inconsistent
from govbus.audit_log.erasing import Eraser
from govbus.audit_log.pruning import Pruner
from govbus.audit_log.standing import NotCompared
from govbus.eventing.access import Access, Principal


def router(access: Access, pruner: Pruner, eraser: Eraser) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(prefix="/v1/ops/audit_log", tags=["operations"])
    reader = Annotated[Principal, Depends(access.require("operator", "admin", "auditor"))]
    operator = Annotated[Principal, Depends(access.require("operator", "admin"))]

    @routes.get("/prune")
    async def due(_: reader) -> dict[str, Any]:
        """Return what a round of pruning would take away, and what of it is held; changes nothing."""
        found = [
            {
                "before": item.before.isoformat(),
                "types": list(item.labels),
                "count": item.count,
                "held_count": item.held_count,
            }
            for item in await pruner.due()
        ]
        return {"policy_sha256": pruner.policy.sha256, "due": found}

    @routes.post("/prune")
    async def prune(_: operator) -> dict[str, Any]:
        """Prune what the policy says, now instead of at the next scheduled round."""
        if not eraser.is_able:
            raise guard_refusals.no_eraser()
        try:
            pruned_count = await pruner.round()
        except (Inconsistent, NotCompared) as error:
            raise refusals.stopped(str(error)) from None
        return {"policy_sha256": pruner.policy.sha256, "pruned_count": pruned_count}

    return routes
