"""Requests to take a version out of an environment. Subject: the model.

Source: Regulation (EU) 2024/1689, Art. 20; NIST AI RMF 1.0, MANAGE 2.4.
"""

from pydantic import Field

from govbus.contracts import topics
from govbus.contracts.catalogue import Payload, event_type
from govbus.contracts.fields import Moment, Name, Text


@event_type("rollback.requested", topics.OVERSIGHT, draft=True)
class RollbackRequested(Payload):
    """An environment should go back; `deployment.rolled_back` or `.removed` answers."""

    version: Name = Field(description="The version that must not run any longer.")
    environment: Name = Field(description="Where it runs.")
    target_version: Name | None = Field(
        default=None, description="The version to go back to. Absent: none, switch off."
    )
    incident_id: Name | None = Field(default=None, description="The incident that led here.")
    requested_by: Name = Field(description="Pseudonym of the person, or the service.")
    reason: Text = Field(description="Why; names nobody.")
    due_at: Moment | None = Field(default=None, description="By when.")
