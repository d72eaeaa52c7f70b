"""Composes what is made of the record: evidence packs and key figures."""

from collections.abc import Callable
from datetime import datetime

from fastapi import APIRouter

from govbus.audit_log.api import evidence as evidence_api
from govbus.audit_log.api import kpis as kpis_api
from govbus.audit_log.evidence import EvidenceDesk
from govbus.audit_log.handlers import Sequencer
from govbus.audit_log.kpis import KpiFolder
from govbus.audit_log.rule_files import RuleFileRefused, load_evidence_rules, load_kpis
from govbus.audit_log.settings import Settings
from govbus.eventing.manifest import StartRefused
from govbus.eventing.service import Service

_SWEEP_SECONDS = 60.0
"""How soon a pack that holds what was erased is deleted; it is not handed out in the meantime."""

_FOLD_SECONDS = 30.0
"""How often figures are folded ahead of questions, in whole stretches."""


def add_evidence(
    service: Service, settings: Settings, sequencer: Sequencer, clock: Callable[[], datetime]
) -> tuple[APIRouter, ...]:
    """Return the routes; their jobs run with the service.

    Raises:
        StartRefused: a framework or the figures cannot be used; the message names file and place.
    """
    try:
        rules = load_evidence_rules(settings.frameworks_directory)
        definitions = load_kpis(settings.kpis_file)
    except RuleFileRefused as refused:
        raise StartRefused(f"the policies folder cannot be used: {refused}") from None
    desk = EvidenceDesk(service, settings, sequencer, rules, clock)
    folder = KpiFolder(service.engine, definitions, settings.audit_log_kpis_wait_seconds, service.registry)
    service.every("evidence packs", settings.audit_log_packs_interval_seconds, desk.round)
    service.every("evidence sweep", _SWEEP_SECONDS, desk.sweep)
    service.every("kpis", _FOLD_SECONDS, folder.round)
    return (
        evidence_api.router(service.access, desk, settings.audit_log_pack_entries_count),
        kpis_api.router(service.engine, service.access, folder),
    )
