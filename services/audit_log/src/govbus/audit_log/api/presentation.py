"""Entries as JSON: what every reader sees, and what only auditors do."""

from typing import Any, Final

from govbus.audit_log.domain.classification import is_open
from govbus.audit_log.store.entries import StoredRecord
from govbus.audit_log.store.state import LogState
from govbus.contracts import strict_json
from govbus.contracts.translog import base64_strict

_FROM_ENTRY: Final = ("id", "source", "type", "subject", "time", "recordedtime", "kafka")


def listed(record: StoredRecord, state: LogState, *, confidential: bool) -> dict[str, Any]:
    """Return an entry as lists show it; `confidential` says whether the reader may see what is not open."""
    fields = strict_json.parse(record.entry)
    shown: dict[str, Any] = {"index": record.index, "state": state.of(record.index), "kind": record.kind}
    shown |= {name: fields[name] for name in _FROM_ENTRY}
    shown |= {
        "correlationid": record.correlation_id,
        "causationid": record.causation_id,
        "classification": record.classification,
    }
    if record.payload is None:
        shown["payload_withheld"] = "erased"
    elif not confidential and not is_open(record.classification):
        shown["payload_withheld"] = record.classification
    else:
        shown["payload"] = _readable(record.payload)
    return shown


def whole(record: StoredRecord, state: LogState, *, confidential: bool) -> dict[str, Any]:
    """Return one entry with everything that verifying needs: exact bytes, and payload, attributes and key."""
    shown = listed(record, state, confidential=confidential)
    shown["leaf_hash"] = base64_strict.encode(record.leaf_hash)
    shown["entry"] = base64_strict.encode(record.entry)
    if "payload" in shown and record.payload is not None and record.attributes is not None and record.key is not None:
        shown["attributes"] = strict_json.parse(record.attributes)
        shown["attributes_base64"] = base64_strict.encode(record.attributes)
        shown["payload_base64"] = base64_strict.encode(record.payload)
        shown["commitment_key"] = base64_strict.encode(record.key)
    return shown


def _readable(payload: bytes) -> Any:
    try:
        return strict_json.parse(payload) if payload else None
    except strict_json.InvalidJson:
        return {"base64": base64_strict.encode(payload)}
