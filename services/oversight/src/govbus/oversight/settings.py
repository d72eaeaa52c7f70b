"""Oversight's settings."""

from pathlib import Path

from pydantic import Field, field_validator

from govbus.eventing.settings import ServiceSettings
from govbus.oversight.rules_file import load_rules


class Settings(ServiceSettings):
    """Environment variables `GOVBUS_…` and `GOVBUS_OVERSIGHT_…`."""

    oversight_rules_file: Path = Field(
        default=Path("policies/incidents.yaml"), description="which signals become incidents, how severe, due when"
    )
    oversight_answers_retention_days: int = Field(
        default=7, ge=1, description="how long an Idempotency-Key gives the same answer: longer than any client retries"
    )

    @field_validator("oversight_rules_file")
    @classmethod
    def _rules_are_valid(cls, path: Path) -> Path:
        """Refuse the start with a sentence when the rules cannot be used."""
        load_rules(path)
        return path
