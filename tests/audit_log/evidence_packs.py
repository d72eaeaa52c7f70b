"""Ordering evidence packs of a log, taking them away, looking into them."""

import io
import zipfile
from pathlib import Path
from typing import Any

from audit_log.desk import Desk, bearer
from audit_log.evidence_story import MODEL


async def ordered(desk: Desk, role: str = "auditor", **order: object) -> dict[str, Any]:
    """Return the answer about a pack that was ordered and made."""
    body = {"subject": MODEL, **order}
    answer = await desk.client.post("/v1/evidence-packs", json=body, headers=bearer("vera", role))
    assert answer.status_code == 202, answer.text
    await desk.do("evidence packs")
    return dict((await desk.get(answer.headers["location"], role)).json())


async def taken(desk: Desk, pack: dict[str, Any], role: str = "auditor") -> bytes:
    """Return the bytes of a pack that is ready."""
    assert pack["state"] == "ready", pack
    answer = await desk.get(str(pack["download"]), role)
    assert answer.status_code == 200, answer.text
    return answer.content


def opened(pack: bytes) -> dict[str, bytes]:
    """Return the files of a pack, in its order."""
    with zipfile.ZipFile(io.BytesIO(pack)) as files:
        return {name: files.read(name) for name in files.namelist()}


def write(file: Path, files: dict[str, bytes]) -> Path:
    """Write files as a pack."""
    with zipfile.ZipFile(file, "w") as pack:
        for name, content in files.items():
            pack.writestr(name, content)
    return file
