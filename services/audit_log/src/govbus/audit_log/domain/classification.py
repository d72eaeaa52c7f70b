"""Who may see a payload: classification of an event, and what follows from it."""

from typing import Final

PUBLIC: Final = "public"
INTERNAL: Final = "internal"
CONFIDENTIAL: Final = "confidential"
PERSONAL: Final = "personal"
CLASSIFICATIONS: Final = (PUBLIC, INTERNAL, CONFIDENTIAL, PERSONAL)
PUBLISHED: Final = (PUBLIC, INTERNAL)
"""Payloads that may leave with `entry.published`: what is published can never be erased."""


def classify(stated: str | None) -> str:
    """Return the classification by which the log treats an event.

    Unstated is internal; a word that is not known here is confidential, so that a typing error opens nothing.
    """
    if stated is None:
        return INTERNAL
    return stated if stated in CLASSIFICATIONS else CONFIDENTIAL


def is_open(classification: str) -> bool:
    """Return whether every reader of the log may see the payload; otherwise auditors, on record."""
    return classification in PUBLISHED
