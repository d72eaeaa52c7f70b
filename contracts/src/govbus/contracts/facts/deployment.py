"""Deployments of a model version. Subject: the model."""

from pydantic import Field

from govbus.contracts import topics
from govbus.contracts.catalogue import Payload, event_type
from govbus.contracts.fields import Name, Text, Uri


@event_type("deployment.requested", topics.FACTS)
class DeploymentRequested(Payload):
    """Somebody asks to deploy a version; `release.allowed` or `.blocked` answers."""

    version: Name = Field(description="The version that is to run.")
    environment: Name = Field(description="Where it is to run: production, staging.")
    requested_by: Name = Field(description="Who asks: a person's pseudonym, a pipeline.")
    ticket: Uri | None = Field(default=None, description="The request in another tool.")


@event_type("deployment.completed", topics.FACTS)
class DeploymentCompleted(Payload):
    """A version runs in an environment, instead of the one that ran there before."""

    version: Name = Field(description="The version that runs.")
    environment: Name = Field(description="Where it runs: production, staging.")
    deployed_by: Name | None = Field(default=None, description="Who deployed it: a person's pseudonym, a pipeline.")
    ticket: Uri | None = Field(default=None, description="The deployment in another tool.")


@event_type("deployment.rolled_back", topics.FACTS)
class DeploymentRolledBack(Payload):
    """An environment went back from a version to an earlier one."""

    version: Name = Field(description="The version that ran, and runs no more.")
    environment: Name = Field(description="Where it ran: production, staging.")
    target_version: Name | None = Field(default=None, description="The version that runs now. Absent: not said.")
    rolled_back_by: Name | None = Field(default=None, description="Who did it: a person's pseudonym, a pipeline.")
    reason: Text | None = Field(default=None, description="Why; it must name nobody.")
    ticket: Uri | None = Field(default=None, description="The rollback in another tool.")


@event_type("deployment.removed", topics.FACTS)
class DeploymentRemoved(Payload):
    """No version runs in an environment any more."""

    environment: Name = Field(description="Where it ran: production, staging.")
    version: Name | None = Field(default=None, description="The version that ran there. Absent: whichever did.")
    removed_by: Name | None = Field(default=None, description="Who removed it: a person's pseudonym, a pipeline.")
    reason: Text | None = Field(default=None, description="Why; it must name nobody.")
    ticket: Uri | None = Field(default=None, description="The removal in another tool.")
