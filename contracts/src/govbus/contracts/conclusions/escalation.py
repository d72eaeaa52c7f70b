"""Escalations of what nobody acted on. Subject: that of the event told about."""

from pydantic import Field

from govbus.contracts import topics
from govbus.contracts.catalogue import Payload, event_type
from govbus.contracts.fields import Count, EventReference, Moment, Name, Word


class _Escalation(Payload):
    escalation_id: Name = Field(description="Id in the notifier's log.")
    about: EventReference = Field(description="Identity of the event nobody acted on.")


@event_type("escalation.started", topics.NOTIFICATIONS, draft=True)
class EscalationStarted(_Escalation):
    """The next step of receivers is told."""

    step: Count = Field(description="Number of the step, counted from 1.")
    receivers: tuple[Name, ...] = Field(
        min_length=1, max_length=50, description="Names in the routes file; never addresses."
    )
    next_step_at: Moment | None = Field(default=None, description="When the next step follows. Absent: it is the last.")


@event_type("escalation.stopped", topics.NOTIFICATIONS, draft=True)
class EscalationStopped(_Escalation):
    """Somebody acted, or it no longer matters."""

    reason: Word = Field(description="Known: acknowledged, resolved, silenced, superseded, exhausted.")
    stopped_by: Name | None = Field(default=None, description="Pseudonym of the person. Absent: nobody.")
    steps_count: Count = Field(description="How many steps were told.")
