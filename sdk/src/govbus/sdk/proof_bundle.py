"""A proof that travels alone: entry, `.tlog-proof` text and, where it may be known, what was said, in one JSON file.

The key inside is what the maker of the file claims. Who verifies decides which key to believe.
"""

import base64
import binascii
from dataclasses import dataclass
from typing import Any, Final

from govbus.contracts import strict_json
from govbus.contracts.translog.entry import Entry, EntryRejected, parse_entry
from govbus.contracts.translog.verification import VerificationFailed, Verified, verify_payload
from govbus.contracts.translog.vkey import KeyRejected, parse_vkeys
from govbus.sdk.failures import NotProved
from govbus.sdk.translog.trust import Trust

FORMAT: Final = "govbus-proof-bundle/1"


@dataclass(frozen=True, slots=True)
class ProofBundle:
    """Everything needed to verify one entry offline, except the trust in a key."""

    entry: bytes
    proof: str
    vkey: str
    payload: bytes | None = None
    attributes: bytes | None = None
    commitment_key: bytes | None = None


@dataclass(frozen=True, slots=True)
class Proved:
    """What a bundle proves: the entry's place in the log, and whether payload and attributes are what it commits to."""

    verified: Verified
    entry: Entry | None
    payload_matches: bool
    attributes_match: bool


def dump_bundle(bundle: ProofBundle) -> bytes:
    """Return the file's bytes."""
    document: dict[str, Any] = {
        "format": FORMAT,
        "entry": _text(bundle.entry),
        "proof": bundle.proof,
        "vkey": bundle.vkey,
    }
    for name in ("payload", "attributes", "commitment_key"):
        value = getattr(bundle, name)
        if value is not None:
            document[name] = _text(value)
    return strict_json.dump(document) + b"\n"


def read_bundle(raw: bytes) -> ProofBundle:
    """Return the bundle in a file.

    Raises:
        NotProved: not a bundle.
    """
    try:
        document = strict_json.parse(raw)
    except strict_json.InvalidJson as error:
        raise NotProved(f"not a proof bundle: {error.detail}") from None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise NotProved(f"not a proof bundle: `format` is not {FORMAT!r}")
    entry = _bytes(document, "entry")
    if entry is None or not all(isinstance(document.get(name), str) for name in ("proof", "vkey")):
        raise NotProved("not a proof bundle: `entry`, `proof` or `vkey` is missing")
    return ProofBundle(
        entry=entry,
        proof=document["proof"],
        vkey=document["vkey"],
        payload=_bytes(document, "payload"),
        attributes=_bytes(document, "attributes"),
        commitment_key=_bytes(document, "commitment_key"),
    )


def claimed_trust(bundle: ProofBundle) -> Trust:
    """Return the trust in the key that the bundle claims, which is good for nothing but telling what is broken.

    Raises:
        NotProved: it is no key.
    """
    try:
        return Trust(parse_vkeys(bundle.vkey))
    except KeyRejected as error:
        raise NotProved(f"the key inside the file: {error}") from None


def verify_bundle(bundle: ProofBundle, trust: Trust) -> Proved:
    """Return what the bundle proves to somebody with this trust; the key inside plays no part.

    Raises:
        NotProved: it proves nothing, or its payload is not what the entry commits to.
    """
    verified = trust.prove(bundle.entry, bundle.proof)
    if bundle.payload is None or bundle.commitment_key is None:
        return Proved(verified, _entry(bundle.entry), payload_matches=False, attributes_match=False)
    try:
        entry = verify_payload(bundle.entry, bundle.payload, bundle.commitment_key, attributes=bundle.attributes)
    except VerificationFailed as error:
        raise NotProved(f"{error.detail} ({error.reason})") from None
    return Proved(verified, entry, payload_matches=True, attributes_match=bundle.attributes is not None)


def _entry(raw: bytes) -> Entry | None:
    """Another log's entries need not be ours."""
    try:
        return parse_entry(raw)
    except EntryRejected:
        return None


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _bytes(document: dict[str, Any], name: str) -> bytes | None:
    value = document.get(name)
    if value is None:
        return None
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError, TypeError):
        raise NotProved(f"not a proof bundle: `{name}` is not base64") from None
