"""What the notifier told whom. Subject: that of the event told about."""

from pydantic import Field

from govbus.contracts import topics
from govbus.contracts.catalogue import Payload, event_type
from govbus.contracts.fields import Count, EventReference, Moment, Name, SubjectText, Text, Word


class _Notification(Payload):
    notification_id: Name = Field(description="Id in the notifier's log.")
    receiver: Name = Field(description="Name in the routes file; never an address.")
    channel: Word = Field(description="Known: webhook, mail, log.")
    about: EventReference = Field(description="Identity of the event told about.")
    about_subject: SubjectText = Field(description="Its subject.")


@event_type("notification.sent", topics.NOTIFICATIONS)
class NotificationSent(_Notification):
    """The receiver's server accepted it."""

    attempts_count: Count = Field(description="How many attempts it took.")
    delivered_at: Moment = Field(description="When the receiver's server accepted it.")


@event_type("notification.failed", topics.NOTIFICATIONS)
class NotificationFailed(_Notification):
    """Given up; a person may send it again."""

    attempts_count: Count = Field(description="How many attempts were made.")
    reason: Text = Field(description="What the last attempt met.")


@event_type("notification.suppressed", topics.NOTIFICATIONS)
class NotificationSuppressed(_Notification):
    """Not sent on purpose."""

    reason: Text = Field(description="Which rule held it back: repeat_interval, silence, …")
