"""Topic names and the one service that writes each.

`infra/kafka/topics.yaml` holds partitions, retention and ACLs; a test keeps both in step.
"""

from typing import Final

FACTS: Final = "govbus.facts"
REJECTED: Final = "govbus.rejected"
INVENTORY: Final = "govbus.inventory"
RISK: Final = "govbus.risk"
OVERSIGHT: Final = "govbus.oversight"
NOTIFICATIONS: Final = "govbus.notifications"
AUDIT: Final = "govbus.audit"

INTAKE_PREFIX: Final = "govbus.intake."
"""Each emitting platform's own topic: the topic is the identity of who wrote."""

WRITERS: Final = {
    FACTS: "intake",
    REJECTED: "intake",
    INVENTORY: "inventory",
    RISK: "risk",
    OVERSIGHT: "oversight",
    NOTIFICATIONS: "notifier",
    AUDIT: "audit_log",
}
"""Topic → the only service whose principal may write it."""

SERVICE_TOPIC: Final = {
    "intake": REJECTED,
    "inventory": INVENTORY,
    "risk": RISK,
    "oversight": OVERSIGHT,
    "notifier": NOTIFICATIONS,
    "audit_log": AUDIT,
}
"""Service → the topic where its `record.parked` and `record.resumed` go."""

LOGGED: Final = (FACTS, REJECTED, INVENTORY, RISK, OVERSIGHT, NOTIFICATIONS)
"""Topics whose every record the audit log holds exactly once."""


def intake_topic(source_name: str) -> str:
    """Return the topic on which the platform registered as `source_name` emits."""
    return INTAKE_PREFIX + source_name
