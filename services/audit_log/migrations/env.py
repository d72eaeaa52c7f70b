"""Alembic environment of the audit log."""

from govbus.eventing.migrations import run

run()
