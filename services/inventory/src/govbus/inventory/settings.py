"""Inventory's settings: those of every service."""

from govbus.eventing.settings import ServiceSettings


class Settings(ServiceSettings):
    """Environment variables `GOVBUS_…`."""
