"""Which policy bundle decides. Subject: `service/risk`."""

from typing import Literal

from pydantic import Field

from govbus.contracts import topics
from govbus.contracts.catalogue import Payload, event_type
from govbus.contracts.fields import Count, Name

PolicyMode = Literal["enforce", "shadow"]


@event_type("policy.activated", topics.RISK)
class PolicyActivated(Payload):
    """From here on this bundle decides (`enforce`), or is recorded beside the one that does (`shadow`)."""

    digest: Name = Field(description="Digest of the bundle.")
    mode: PolicyMode = Field(description="Whether it decides, or is recorded beside what does.")
    rules_count: Count = Field(description="How many rules it holds.")
    activated_by: Name = Field(description="Pseudonym of who activated it.")
    previous_digest: Name | None = Field(default=None, description="The bundle that had this mode before.")
