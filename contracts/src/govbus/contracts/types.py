"""Names of event types and their schema addresses: `dev.govbus.<subject>.<predicate>.v<major>`."""

from typing import Final

PREFIX: Final = "dev.govbus."
SCHEMA_BASE: Final = "https://schemas.govbus.dev/"


def full_name(short: str, major: int = 1) -> str:
    """Return the CloudEvents `type`: `model.registered` → `dev.govbus.model.registered.v1`."""
    return f"{PREFIX}{short}.v{major}"


def short_name(full: str) -> str | None:
    """Return `model.registered` for `dev.govbus.model.registered.v1`, None for a type that is not Govbus's."""
    if not full.startswith(PREFIX):
        return None
    short, _, version = full.removeprefix(PREFIX).rpartition(".v")
    return short if version.isdigit() and short else None


def schema_address(short: str, major: int = 1, minor: int = 0) -> str:
    """Return the `dataschema` URI: `https://schemas.govbus.dev/model.registered/1.0`."""
    return f"{SCHEMA_BASE}{short}/{major}.{minor}"
