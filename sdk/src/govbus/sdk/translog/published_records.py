"""Records of `govbus.audit`: entries and checkpoints, as their contract says."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from pydantic import ValidationError

from govbus.contracts import catalogue
from govbus.contracts.conclusions.log import CheckpointPublished, EntryPublished
from govbus.contracts.identity import computed_id
from govbus.contracts.translog import base64_strict
from govbus.contracts.translog.merkle import leaf_hash
from govbus.sdk.failures import NotProved
from govbus.sdk.translog.tree_follower import StreamEntry

_SERVICE: Final = "audit_log"
_ENTRY: Final = catalogue.type_of(EntryPublished).full_name
_CHECKPOINT: Final = catalogue.type_of(CheckpointPublished).full_name


@dataclass(frozen=True, slots=True)
class StreamCheckpoint:
    """One checkpoint of a stream; `place` is where in the stream it came."""

    place: str
    note: str


Published: TypeAlias = StreamEntry | StreamCheckpoint


def read_record(place: str, headers: Mapping[str, bytes], value: bytes) -> Published | None:
    """Return what a record publishes, None for one of another type.

    Raises:
        NotProved: its data breaks the contract, or its id is not that of what it says.
    """
    kind, own_id = (headers.get(name, b"").decode("utf-8", "replace") for name in ("ce_type", "ce_id"))
    try:
        if kind == _ENTRY:
            return _entry(place, own_id, EntryPublished.model_validate_json(value, strict=True))
        if kind == _CHECKPOINT:
            return _checkpoint(place, own_id, CheckpointPublished.model_validate_json(value, strict=True))
    except ValidationError as error:
        raise NotProved.at(place, f"the data of {kind} breaks its contract in {error.error_count()} places") from None
    except ValueError as error:
        raise NotProved.at(place, str(error)) from None
    return None


def _entry(place: str, own_id: str, found: EntryPublished) -> StreamEntry:
    raw = base64_strict.decode(found.entry)
    if own_id != computed_id(_SERVICE, _ENTRY, leaf_hash(raw), found.index):
        raise NotProved.at(place, f"entry {found.index}: the record's id was made of other bytes", found.index)
    return StreamEntry(
        place=place,
        index=found.index,
        entry=raw,
        attributes=_bytes(found.attributes),
        payload=_bytes(found.payload),
        commitment_key=_bytes(found.commitment_key),
    )


def _checkpoint(place: str, own_id: str, found: CheckpointPublished) -> StreamCheckpoint:
    if own_id != computed_id(_SERVICE, _CHECKPOINT, base64_strict.decode_hash(found.root), found.size):
        raise NotProved.at(place, f"checkpoint of size {found.size}: the record's id was made of another root")
    return StreamCheckpoint(place, found.checkpoint)


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else base64_strict.decode(text)
