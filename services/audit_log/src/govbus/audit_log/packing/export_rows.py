"""Rows of `entries.ndjson`: those of the log's export, so that one verifier reads both."""

from govbus.audit_log.domain.classification import is_open
from govbus.audit_log.domain.export import Exported, in_text
from govbus.audit_log.store.entries import StoredRecord
from govbus.contracts import strict_json


def is_disclosed(record: StoredRecord, *, confidential: bool) -> bool:
    """Return whether the payload goes into the pack."""
    return record.payload is not None and (confidential or is_open(record.classification))


def export_row(record: StoredRecord, *, confidential: bool) -> bytes:
    """Return one line; payload, attributes and key are null where they are withheld or gone."""
    shown = is_disclosed(record, confidential=confidential)
    exported = Exported(
        index=record.index,
        entry=record.entry,
        correlation_id=record.correlation_id,
        causation_id=record.causation_id,
        classification=record.classification,
        attributes=record.attributes if shown else None,
        payload=record.payload if shown else None,
        key=record.key if shown else None,
    )
    return strict_json.dump(in_text(exported.row())) + b"\n"
