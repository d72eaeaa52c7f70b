"""Composes what is handed out of the log as files: exports, and the processes that write them."""

from fastapi import APIRouter

from govbus.audit_log.api import exports
from govbus.audit_log.api.disclosure import Disclosure
from govbus.audit_log.exporting import Exporting
from govbus.audit_log.settings import Settings
from govbus.eventing.service import Service


def add_exports(service: Service, settings: Settings, disclosure: Disclosure) -> APIRouter:
    """Return the routes of exports; their writing processes end with the service."""
    exporting = Exporting(settings.audit_log_exports_count, settings.audit_log_export_first_seconds, service.registry)
    service.closes(exporting.close)
    return exports.router(service.access, disclosure, exports.Exports(service.engine, exporting, settings))
