"""The log's own entry about who read what is not open to everyone."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from govbus.audit_log.domain.classification import CONFIDENTIAL
from govbus.audit_log.domain.drafts import Draft
from govbus.audit_log.domain.log_name import log_subject
from govbus.contracts import strict_json
from govbus.contracts.envelope import format_time
from govbus.contracts.making import service_source
from govbus.contracts.translog.entry import ACCESS, Entry, canonical_json

_NO_COMMITMENT: Final = bytes(32)


def draft_access(origin: str, reader: str, read: Mapping[str, Any], at: datetime, id_: str) -> Draft:
    """Return the draft of one request's reading; who read is payload, so that it can be erased.

    `read` says what: `indexes` of entries, a stretch of the `stream`, or an `export`.
    """
    payload = {"reader": reader, **read, "at": format_time(at)}
    return Draft(
        fields=Entry(
            kind=ACCESS,
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
        attributes=canonical_json({"authid": reader}),
        payload=strict_json.dump(payload),
        correlation_id=None,
        causation_id=None,
        actor=reader,
        classification=CONFIDENTIAL,
        known_at=at,
        logged_on=at.date(),
    )
