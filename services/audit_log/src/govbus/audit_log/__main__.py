"""Runs the audit log: `python -m govbus.audit_log`."""

from govbus.audit_log.app import build_app
from govbus.audit_log.settings import Settings
from govbus.eventing.serving import serve

serve(Settings, build_app)
