"""Evidence packs and key figures: order a pack, wait until it is made, take it away whole."""

import hashlib
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from govbus.sdk.failures import NotProved, Refused, Unreachable
from govbus.sdk.transport import Transport

PACKS: Final = "/v1/evidence-packs"
KPIS: Final = "/v1/kpis"
WAIT_SECONDS: Final = 900.0
"""Above the longest that making one may take, with another before it."""

POLL_SECONDS: Final = 0.5

Tell = Callable[[str], None]
"""Called with the state of a pack when it changes."""


@dataclass(frozen=True, slots=True)
class TakenPack:
    """A pack that lies in its file: how many entries, of which tree, and the file's SHA-256 in hex."""

    id: str
    subject: str
    size: int
    entries_count: int
    bytes_count: int
    sha256: str
    confidential: bool


def take_pack(transport: Transport, token: str, order: dict[str, Any], file: Path, tell: Tell) -> TakenPack:
    """Return the pack that was ordered and now lies in `file`, which is replaced only by a whole one.

    Raises:
        Refused: nothing can be packed, or it could not be made.
        Unreachable: no answer, or it was not made within a quarter of an hour.
        NotProved: what arrived is not what was made.
    """
    pack = transport.post(PACKS, token, order).document()
    until = time.monotonic() + WAIT_SECONDS
    said = ""
    while pack.get("state") != "ready":
        if pack.get("state") == "failed":
            problem = {"title": "The pack could not be made", "detail": str(pack.get("error"))}
            raise Refused(409, problem)
        if time.monotonic() > until:
            raise Unreachable(f"the pack {pack.get('id')} was not made within {WAIT_SECONDS:g} seconds: ask again")
        if pack.get("state") != said:
            said = str(pack.get("state"))
            tell(said)
        time.sleep(POLL_SECONDS)
        pack = transport.get(f"{PACKS}/{pack['id']}", token).document()
    _fetch(transport, token, pack, file)
    return TakenPack(
        id=pack["id"],
        subject=pack["subject"],
        size=pack["size"],
        entries_count=pack["entries_count"],
        bytes_count=pack["bytes_count"],
        sha256=pack["sha256"],
        confidential=pack["confidential"],
    )


def read_kpis(transport: Transport, token: str, narrowed: dict[str, str]) -> dict[str, Any]:
    """Return the key figures: `as_of`, `size`, `root`, `settled` and `kpis`."""
    return transport.get(KPIS, token, parameters=narrowed).document()


def _fetch(transport: Transport, token: str, pack: dict[str, Any], file: Path) -> None:
    digest = hashlib.sha256()
    draft = file.with_name(f"{file.name}.{os.getpid()}")
    try:
        with draft.open("wb") as written:
            for part in transport.parts(str(pack["download"]), token):
                digest.update(part)
                written.write(part)
        if digest.hexdigest() != pack["sha256"]:
            raise NotProved(f"the pack that arrived has another SHA-256 than the one that was made: {pack['sha256']}")
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)
