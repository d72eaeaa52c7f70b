"""Composes what keeps, what takes away and what examines: months of payloads, holds, erasures, pruning, fsck."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncEngine

from govbus.audit_log.api import erasures, fsck, holds, pruning
from govbus.audit_log.erasing import Eraser
from govbus.audit_log.fsck_schedule import LOOK_SECONDS, FsckSchedule
from govbus.audit_log.handlers import Sequencer
from govbus.audit_log.holding import Holding
from govbus.audit_log.months import prepare_months
from govbus.audit_log.pruning import Pruner
from govbus.audit_log.retention_file import load_policy
from govbus.audit_log.settings import Settings
from govbus.eventing.database import new_engine
from govbus.eventing.service import Service

_ERASER_POOL_COUNT: Final = 2
_OWNER_GUARD_SECONDS: Final = 300.0
_MONTHS_SECONDS: Final = 6 * 3600.0
"""How often coming months get their partition: two months ahead, so that many failures in a row cost nothing."""


def add_guards(
    service: Service, settings: Settings, sequencer: Sequencer, clock: Callable[[], datetime]
) -> tuple[APIRouter, ...]:
    """Return the routes; their jobs run with the service.

    Raises:
        PolicyRefused: the retention policy cannot be used.
    """
    origin = settings.audit_log_origin
    eraser = Eraser(service, sequencer, _eraser_engine(service, settings), origin, clock, service.registry)
    holding = Holding(service, sequencer, origin, clock)
    pruner = Pruner(service, eraser, load_policy(settings.retention_file), clock)

    schedule = FsckSchedule(settings, service.engine, clock, service.registry)

    async def prune() -> None:
        await pruner.round()

    service.every("months", _MONTHS_SECONDS, lambda: prepare_months(service.engine))
    service.every("erase", settings.audit_log_erase_interval_seconds, eraser.carry_out_pending)
    if settings.audit_log_prune_interval_seconds:
        service.every("prune", settings.audit_log_prune_interval_seconds, prune)
    service.every("fsck", LOOK_SECONDS, schedule.round)
    service.every("owner guard", _OWNER_GUARD_SECONDS, schedule.look_at_owner_guard)
    return (
        erasures.router(service.engine, service.access, eraser, clock),
        holds.router(service.engine, service.access, holding),
        pruning.router(service.access, pruner, eraser),
        fsck.router(service.access, schedule),
    )


def _eraser_engine(service: Service, settings: Settings) -> AsyncEngine | None:
    if settings.audit_log_eraser_postgres_url is None:
        return None
    changed = {
        "postgres_url": settings.audit_log_eraser_postgres_url,
        "postgres_pool_count": _ERASER_POOL_COUNT,
    }
    engine = new_engine(settings.model_copy(update=changed))
    service.closes(engine.dispose)
    return engine
