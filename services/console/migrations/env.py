"""Alembic's entry: brings console's database to the newest schema."""

from govbus.eventing.migrations import run

run()
