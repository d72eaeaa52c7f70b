"""The known answers of the design, and the log key they were made with."""

import hashlib
from base64 import b64decode

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from govbus.contracts.translog.merkle import leaf_hash
from govbus.contracts.translog.note import NoteSigner

ORIGIN = "audit.example.com/governance"
VKEY = f"{ORIGIN}+3205cb6c+AWB4kUjJAYHOf1QkhmAKgqJN7aRIiBgwOD33ab8bFzl9"
ROOTS = {
    0: b64decode("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="),
    3: b64decode("pkvybgkSj2/i/m+LLYyAHhZrV8BHp82bK4Ceepai8cs="),
    5: b64decode("GqaNMHSQWlgfhMu9D3U3lJBP2ARRvEwT5p2aU7xZUCw="),
    70_000: b64decode("pipUvjMpT/1aXExjf9dUYwtxqJLoNW46Zmpcin/9FRg="),
}
INCLUSION_3_OF_5 = tuple(
    map(
        b64decode,
        (
            "BJ19zbVrz+vTEzBMmDnxlqPUtu873AsIKY+TrIGR8Kg=",
            "LyelCCwdQq+kiKw1Cp/EOQwIT1T3Hs3/hZ6Y24QptHk=",
            "GUu1otW9EOXRqm/V1CmAs1bK8dpiPNmYfEv6L4F3Htc=",
        ),
    )
)
CONSISTENCY_3_TO_5 = tuple(
    map(
        b64decode,
        (
            "BJ19zbVrz+vTEzBMmDnxlqPUtu873AsIKY+TrIGR8Kg=",
            "J0ebarMh0u5HdFL2i6UndI6GPK/o+9HfK/idFXDRtpc=",
            "LyelCCwdQq+kiKw1Cp/EOQwIT1T3Hs3/hZ6Y24QptHk=",
            "GUu1otW9EOXRqm/V1CmAs1bK8dpiPNmYfEv6L4F3Htc=",
        ),
    )
)
SIGNATURE_LINE_OF_5 = (
    f"\u2014 {ORIGIN} MgXLbCoK0N7Wv/xldrJl8tDZtTRU9ECXygFKCoY1VGoX/frx+2T3jHpIHZhIj1TTZrAouC+nV3+zSl637gJIWyl0IAA=\n"
)


def entry(index: int) -> bytes:
    """Return the entry at `index`: ASCII `entry-<index>`."""
    return f"entry-{index}".encode("ascii")


def leaves(size: int) -> list[bytes]:
    """Return the leaf hashes of the first `size` entries."""
    return [leaf_hash(entry(index)) for index in range(size)]


def signer() -> NoteSigner:
    """Return the log's signer."""
    return NoteSigner(
        ORIGIN,
        Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"seed-log").digest()),
    )
