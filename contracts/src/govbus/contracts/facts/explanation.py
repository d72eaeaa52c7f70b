"""Explanations of models and of what they put out. Subject: the model or system.

Source: Regulation (EU) 2024/1689, Art. 13 and 86; NIST AI RMF 1.0, MEASURE 2.9.
"""

from pydantic import Field

from govbus.contracts import topics
from govbus.contracts.catalogue import Payload, event_type
from govbus.contracts.fields import Name, Sha256, Text, Uri, Word


@event_type("explanation.published", topics.FACTS)
class ExplanationPublished(Payload):
    """An explanation can be read by those it is for."""

    version: Name | None = Field(default=None, description="Version of the model. Absent: all.")
    method: Name = Field(description="How it was made: shap, lime, counterfactual, model card, written by a person.")
    audience: Word | None = Field(
        default=None, description="Whom it is for. Known: affected_person, operator, developer, auditor, public."
    )
    scope: Word | None = Field(
        default=None, description="Known: model (how it works), decision (why one came out as it did)."
    )
    artifact_uri: Uri | None = Field(default=None, description="Where it lies.")
    artifact_sha256: Sha256 | None = Field(default=None, description="SHA-256 of it.")
    summary: Text | None = Field(default=None, description="What it says, in short; it must name nobody.")
    languages: tuple[Name, ...] = Field(default=(), max_length=50, description="Languages it is in: BCP 47 tags.")
