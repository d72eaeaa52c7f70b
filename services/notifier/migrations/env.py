"""Alembic's entry: brings notifier's database to the newest schema."""

from govbus.eventing.migrations import run

run()
