"""Deployments of a model version. Subject: the model."""

from govbus.contracts import topics
from govbus.contracts.catalogue import Payload, event_type
from govbus.contracts.fields import Name, Uri


@event_type("deployment.requested", topics.FACTS)
class DeploymentRequested(Payload):
    """Somebody asks to deploy a version; `release.allowed` or `.blocked` answers."""

    version: Name
    environment: Name
    requested_by: Name
    ticket: Uri | None = None


@event_type("deployment.completed", topics.FACTS)
class DeploymentCompleted(Payload):
    """A version runs in an environment, instead of the one that ran there before."""

    version: Name
    environment: Name
    deployed_by: Name | None = None
    ticket: Uri | None = None
