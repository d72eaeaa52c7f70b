"""What a platform asks before it delivers: whether this endpoint wants its deliveries at all.

Source: Azure Event Grid, "Webhook event delivery"; CloudEvents "HTTP 1.1 Web Hooks", 4 (abuse protection); Amazon SNS,
"Parsing message formats".
"""

import re
from dataclasses import dataclass
from typing import Any, Final

from govbus.intake.domain.evidence import Evidence
from govbus.intake.domain.refusals import Refused
from govbus.intake.domain.said import parse_json
from govbus.intake.domain.schemes import EVENT_GRID, SNS
from govbus.intake.domain.sns import CONFIRMATION, NOTIFICATION, check_host, read_message

ORIGIN_HEADER: Final = "webhook-request-origin"
ORIGIN: Final = re.compile(r"[A-Za-z0-9*](?:[A-Za-z0-9.*:-]{0,253}[A-Za-z0-9*])?")

_VALIDATION: Final = "Microsoft.EventGrid.SubscriptionValidationEvent"
_SUBJECT_CHARACTERS: Final = 400
_CODE_CHARACTERS: Final = 1024


@dataclass(frozen=True, slots=True)
class Handshake:
    """One question of a platform: its kind, about which subscription, and how it is answered.

    `code` is echoed in the answer; `url` is visited, by us where the source says so, else by an operator.
    """

    kind: str
    subject: str
    code: str | None = None
    url: str | None = None


def asked(scheme: str, evidence: Evidence) -> Handshake | None:
    """Return the handshake that an authenticated delivery is, None for an ordinary one.

    Raises:
        Refused: a handshake that cannot be answered.
    """
    if scheme == SNS:
        return _sns(evidence)
    if scheme == EVENT_GRID and evidence.headers.get("aeg-event-type") == "SubscriptionValidation":
        return _event_grid(evidence)
    return None


def _sns(evidence: Evidence) -> Handshake | None:
    message = read_message(evidence.body)
    if message.type == NOTIFICATION:
        return None
    url = check_host(message.fields.get("SubscribeURL"), "SubscribeURL")
    kind = "sns_subscription" if message.type == CONFIRMATION else "sns_unsubscription"
    return Handshake(kind, message.topic, url=url)


def _event_grid(evidence: Evidence) -> Handshake:
    body = parse_json(evidence.body)
    event = body[0] if isinstance(body, list) and len(body) == 1 else body
    if not isinstance(event, dict) or event.get("eventType") != _VALIDATION:
        raise Refused("invalid_envelope", f"a SubscriptionValidation delivery holds one {_VALIDATION}")
    data: Any = event.get("data")
    code = data.get("validationCode") if isinstance(data, dict) else None
    if not isinstance(code, str) or not 0 < len(code) <= _CODE_CHARACTERS:
        raise Refused("invalid_envelope", "data.validationCode is missing")
    return Handshake("eventgrid_validation", str(event.get("topic"))[:_SUBJECT_CHARACTERS], code=code)
