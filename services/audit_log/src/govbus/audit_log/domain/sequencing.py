"""Which records become entries, in which order, as what: the decision of the sequencer.

Pure: indexes, what the log already holds, and random keys are arguments.
"""

import dataclasses
import hmac
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from govbus.audit_log.domain.drafts import Draft
from govbus.contracts.translog.entry import COMMITMENT_KEY_BYTES, DUPLICATE_REFUSED, EVENT, Entry, commit
from govbus.contracts.translog.merkle import leaf_hash


@dataclass(frozen=True, slots=True)
class Known:
    """The entry that already has an identity; its key is None when the payload was erased or pruned."""

    entry: Entry
    key: bytes | None


@dataclass(frozen=True, slots=True)
class Sequenced:
    """What is appended, in order, and how many records were equal to what the log has."""

    drafts: tuple[Draft, ...]
    duplicate_count: int


@dataclass(frozen=True, slots=True)
class Leaf:
    """One entry with its index, exact bytes, leaf hash, and the key of its commitments.

    Without a key its payload was lost with a restored database: nothing is kept beside the entry.
    """

    index: int
    draft: Draft
    kind: str
    entry: bytes
    leaf_hash: bytes
    key: bytes | None


def sequence(drafts: Iterable[Draft], known: Mapping[bytes, Known]) -> Sequenced:
    """Return what to append: every record once.

    A second record of one identity is dropped and counted when it says the same, and kept as `duplicate_refused`
    when it says something else.
    """
    appended: list[Draft] = []
    first: dict[bytes, Draft] = {}
    duplicate_count = 0
    for draft in drafts:
        identity = draft.identity
        if identity is None or draft.fields.kind != EVENT:
            appended.append(draft)
        elif _says_the_same(draft, known.get(identity), first.get(identity)):
            duplicate_count += 1
        elif identity in known or identity in first:
            appended.append(_as_refused(draft))
        else:
            first[identity] = draft
            appended.append(draft)
    return Sequenced(tuple(appended), duplicate_count)


def make_leaves(drafts: Sequence[Draft], size: int, keys: bytes) -> tuple[Leaf, ...]:
    """Return the leaves of drafts appended to a log of `size`; `keys` are 32 random bytes for each."""
    leaves: list[Leaf] = []
    for place, draft in enumerate(drafts):
        key = keys[place * COMMITMENT_KEY_BYTES : (place + 1) * COMMITMENT_KEY_BYTES]
        entry = draft.fields.committed(commit(key, draft.attributes), commit(key, draft.payload))
        leaves.append(Leaf(size + place, draft, draft.fields.kind, entry, leaf_hash(entry), key))
    return tuple(leaves)


def _says_the_same(draft: Draft, known: Known | None, first: Draft | None) -> bool:
    if first is not None:
        return (draft.attributes, draft.payload) == (first.attributes, first.payload)
    if known is None:
        return False
    if known.key is None:
        return _same_words(draft.fields, known.entry)
    return hmac.compare_digest(commit(known.key, draft.payload), known.entry.payload_commitment) and (
        hmac.compare_digest(commit(known.key, draft.attributes), known.entry.attributes_commitment)
    )


def _same_words(one: Entry, other: Entry) -> bool:
    """Compare what is left after erasure: entering the record again would bring back what was erased."""
    return (one.subject, one.time, one.recordedtime) == (other.subject, other.time, other.recordedtime)


def _as_refused(draft: Draft) -> Draft:
    return dataclasses.replace(draft, fields=dataclasses.replace(draft.fields, kind=DUPLICATE_REFUSED))
