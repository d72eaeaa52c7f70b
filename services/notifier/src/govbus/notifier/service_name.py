"""The name under which this service speaks: `//govbus/notifier`, consumer group `govbus.notifier`."""

from typing import Final

SERVICE: Final = "notifier"
