"""Drafts of the log's own entries: what was held, erased, pruned; what they say is their payload, as JSON."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from govbus.audit_log.domain.classification import CONFIDENTIAL
from govbus.audit_log.domain.drafts import Draft
from govbus.audit_log.domain.log_name import log_subject
from govbus.contracts import strict_json
from govbus.contracts.envelope import format_time
from govbus.contracts.making import service_source
from govbus.contracts.translog.entry import Entry, canonical_json

ERASURE: Final = "erasure"
PRUNE: Final = "prune"
HOLD: Final = "hold"
_NO_COMMITMENT: Final = bytes(32)


def draft_own(kind: str, origin: str, actor: str, said: Mapping[str, Any], at: datetime, id_: str) -> Draft:
    """Return the draft of an entry that the log makes about itself; for auditors, as it names who acted."""
    return Draft(
        fields=Entry(
            kind=kind,
            id=id_,
            source=service_source("audit_log"),
            type=None,
            subject=log_subject(origin),
            time=format_time(at),
            recordedtime=None,
            kafka=None,
            attributes_commitment=_NO_COMMITMENT,
            payload_commitment=_NO_COMMITMENT,
        ),
        identity=None,
        attributes=canonical_json({"authid": actor}),
        payload=strict_json.dump(said),
        correlation_id=None,
        causation_id=None,
        actor=actor,
        classification=CONFIDENTIAL,
        known_at=at,
        logged_on=at.date(),
    )
