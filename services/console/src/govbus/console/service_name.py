"""The name under which this service runs."""

from typing import Final

SERVICE: Final = "console"
