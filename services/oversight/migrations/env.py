"""Alembic's entry: brings oversight's database to the newest schema."""

from govbus.eventing.migrations import run

run()
