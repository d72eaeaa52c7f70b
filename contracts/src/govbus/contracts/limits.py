"""Size and shape limits of events, checked once, at intake, by one strict parser.

Source: shared design, events.md, "Limits".
"""

from typing import Final

ATTRIBUTE_BYTES: Final = 1024
"""`source`, `type`, `id` and `subject`, each, in UTF-8: they are index keys in PostgreSQL (max ~2.7 KiB a row)."""

ATTRIBUTES_BYTES: Final = 8 * 1024
"""All attributes of one event together (names and values): they travel as Kafka headers."""

EVENT_BYTES: Final = 256 * 1024
"""Data of one event: four times below Kafka's default `message.max.bytes` of 1 MiB."""

BODY_BYTES: Final = 8 * 1024 * 1024
"""A webhook, batch or import body: reports of validation tools reach some MiB."""

NESTING_DEPTH: Final = 32
"""Objects and arrays inside each other: deeper input is an attack or a mistake."""
