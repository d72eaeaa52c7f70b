"""Alembic's entry: brings risk's database to the newest schema."""

from govbus.eventing.migrations import run

run()
