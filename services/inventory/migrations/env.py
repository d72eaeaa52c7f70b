"""Alembic's entry: brings inventory's database to the newest schema."""

from govbus.eventing.migrations import run

run()
