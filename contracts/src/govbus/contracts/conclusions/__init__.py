"""What services decide: payloads of the conclusions. Importing this declares all of them."""

from govbus.contracts.conclusions import (
    asset,
    incident,
    log,
    monitoring,
    notification,
    parking,
    person,
    policy,
    record,
    rejection,
    release,
    scoring,
    source,
    validation,
)

__all__ = [
    "asset",
    "incident",
    "log",
    "monitoring",
    "notification",
    "parking",
    "person",
    "policy",
    "record",
    "rejection",
    "release",
    "scoring",
    "source",
    "validation",
]
