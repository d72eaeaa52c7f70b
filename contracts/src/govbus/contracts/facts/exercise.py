"""Exercises of the plan for when things go wrong. Subject: the model, system or team that was exercised.

Source: NIST AI RMF 1.0, GOVERN 4.3 and MANAGE 4.1.
"""

from pydantic import Field

from govbus.contracts import topics
from govbus.contracts.catalogue import Payload, event_type
from govbus.contracts.fields import Count, Day, Name, Part, Severity, Sha256, Text, Uri, Word


class Finding(Part):
    """One thing that an exercise showed."""

    summary: Text = Field(description="What was found; it must name nobody.")
    severity: Severity | None = Field(default=None, description="How bad.")
    owner: Name | None = Field(default=None, description="Team or person who mends it.")
    due_on: Day | None = Field(default=None, description="Date by which it is to be mended.")


@event_type("exercise.held", topics.FACTS)
class ExerciseHeld(Payload):
    """A tabletop or drill was held."""

    kind: Word = Field(default="tabletop", description="Known: tabletop, drill, rollback_test, red_team.")
    scenario: Text = Field(description="What was played.")
    participants: tuple[Name, ...] = Field(
        default=(), max_length=200, description="Teams, roles or pseudonyms of who took part."
    )
    participants_count: Count | None = Field(default=None, description="How many took part.")
    findings: tuple[Finding, ...] = Field(default=(), max_length=200, description="What it showed.")
    held_on: Day | None = Field(default=None, description="Date on which it was held.")
    duration_minutes: Count | None = Field(default=None, description="How long it took, in minutes.")
    evidence_uri: Uri | None = Field(default=None, description="Where the minutes lie.")
    evidence_sha256: Sha256 | None = Field(default=None, description="SHA-256 of the minutes.")
