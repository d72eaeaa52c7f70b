"""Alembic's entry: brings intake's database to the newest schema."""

from govbus.eventing.migrations import run

run()
