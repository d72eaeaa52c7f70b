"""The service's name, as its events, topics and tables carry it."""

from typing import Final

SERVICE: Final = "oversight"
