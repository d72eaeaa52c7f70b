"""Declares every event type: import this and `catalogue.find` knows them all."""

from govbus.contracts import conclusions, facts

__all__ = ["conclusions", "facts"]
