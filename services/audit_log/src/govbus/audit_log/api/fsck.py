"""fsck over HTTP: have the whole log examined, and what the last examination found."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends

from govbus.audit_log.fsck_schedule import FsckSchedule
from govbus.audit_log.store.examination import Run
from govbus.contracts.envelope import format_time
from govbus.eventing.access import Access, Principal


def router(access: Access, schedule: FsckSchedule) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(prefix="/v1/ops/audit_log", tags=["operations"])
    reader = Annotated[Principal, Depends(access.require("operator", "admin", "auditor"))]

    @routes.get("/fsck")
    async def last(_: reader) -> dict[str, Any]:
        """Return how far a running examination is, and what the last one found."""
        found = await schedule.last()
        return {"running": _running(schedule), "last": shown(found) if found else None}

    @routes.post("/fsck", status_code=202)
    async def begin(_: reader) -> dict[str, Any]:
        """Have the log examined now; `last.id` of the other route changes when it is over."""
        schedule.ask()
        found = await schedule.last()
        return {"running": _running(schedule), "last": shown(found) if found else None}

    return routes


def shown(run: Run) -> dict[str, Any]:
    """Return a result as JSON."""
    return {
        "id": run.id,
        "sound": run.fault_count == 0,
        "started_at": format_time(run.started_at),
        "finished_at": format_time(run.finished_at),
        "size": run.size,
        "checkpoint_count": run.checkpoint_count,
        "guards_sha256": run.guards_sha256,
        "fault_count": run.fault_count,
        "faults": list(run.faults),
        "notices": list(run.notices),
    }


def _running(schedule: FsckSchedule) -> dict[str, int] | None:
    progress = schedule.examined_and_size
    return None if progress is None else {"examined": progress[0], "size": progress[1]}
