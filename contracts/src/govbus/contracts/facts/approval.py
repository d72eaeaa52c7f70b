"""Decisions that people took in another tool: a ticket, a tag, a review. Subject: the model or system decided on.

By default no source may record approvals: who may is said where the source is registered.
"""

from typing import Annotated

from pydantic import Field

from govbus.contracts import topics
from govbus.contracts.catalogue import Payload, event_type
from govbus.contracts.fields import Moment, Name, PersonId, Text, Uri, Word
from govbus.contracts.personal import DataSubject, Personal


@event_type("approval.recorded", topics.FACTS)
class ApprovalRecorded(Payload):
    """Somebody decided in a tool that is not ours."""

    decision: Word = Field(
        description="Known: approved, rejected, changes_requested, commented, dismissed, withdrawn, pending."
    )
    by: Annotated[PersonId, DataSubject()] | None = Field(
        default=None, description="Pseudonym of who decided; their key seals the comment."
    )
    function: Word | None = Field(default=None, description="In which function. Known: risk, legal, security, owner.")
    version: Name | None = Field(default=None, description="Version decided on.")
    environment: Name | None = Field(default=None, description="Where it may go, of a decision to deploy.")
    system: Word | None = Field(default=None, description="The tool. Known: github, gitlab, mlflow, databricks, jira.")
    reference: Uri | None = Field(default=None, description="The review or ticket in that tool.")
    external_id: Name | None = Field(default=None, description="Its id in that tool.")
    artifact_digest: Name | None = Field(
        default=None, description="What exactly was decided on: `sha256:…`, `git:<commit>`."
    )
    decided_at: Moment | None = Field(default=None, description="When, where it is not the time of the event.")
    comment: Annotated[Text, Personal()] | None = Field(default=None, description="In their own words: sealed.")
