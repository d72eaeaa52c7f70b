"""Declares every event type: import this and `catalogue.find` knows them all."""

from typing import Final

from govbus.contracts import catalogue, conclusions, facts

__all__ = ["TYPES", "conclusions", "facts"]

TYPES: Final = catalogue.all_types()
"""Every declared event type, by name."""
