"""Evidence packs over HTTP: order one, ask how far it is, take it away."""

import base64
from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Response, status
from fastapi.responses import FileResponse
from pydantic import BaseModel, ConfigDict, Field

from govbus.audit_log.api import evidence_refusals as problems
from govbus.audit_log.api import refusals
from govbus.audit_log.api.moments import past_moment
from govbus.audit_log.domain.consistency import Inconsistent
from govbus.audit_log.evidence import EvidenceDesk, NotOrdered
from govbus.audit_log.related import TooManyEntries
from govbus.audit_log.standing import NotCompared
from govbus.audit_log.store.evidence_packs import StoredPack
from govbus.contracts.envelope import format_time
from govbus.contracts.fields import NO_NUL, SubjectText
from govbus.contracts.subjects import InvalidSubject, parse_subject
from govbus.eventing.access import Access, Principal

PREFIX: Final = "/v1/evidence-packs"
ASKERS: Final = ("auditor", "admin", "owner")

PackId = Annotated[str, Path(pattern=r"^[a-z2-7]{26}$")]


class Order(BaseModel):
    """What is asked for; `as_of` absent: now. `confidential`: with payloads that are not open, for auditors."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    subject: SubjectText
    framework: str | None = Field(default=None, max_length=100, pattern=NO_NUL)
    as_of: str | None = Field(default=None, max_length=64)
    confidential: bool = False


def router(access: Access, desk: EvidenceDesk, limit_count: int) -> APIRouter:
    """Return the routes; `limit_count` is the most entries of a pack."""
    routes = APIRouter(prefix=PREFIX, tags=["evidence"])
    asker = Annotated[Principal, Depends(access.require(*ASKERS))]

    @routes.post("", status_code=status.HTTP_202_ACCEPTED)
    async def order(principal: asker, asked: Order, response: Response) -> dict[str, Any]:
        """Have a pack made; asking for the same again gives the same pack.

        Payloads that are not open go in when an auditor asks for them, and that is put on record.
        """
        if asked.confidential and not principal.has("auditor"):
            raise problems.for_auditors()
        _check(asked, desk)
        as_of = past_moment("/as_of", asked.as_of)
        try:
            found = await desk.order(
                principal.id, asked.subject, asked.framework, as_of, confidential=asked.confidential
            )
        except NotOrdered as error:
            raise problems.not_ordered(error) from None
        except TooManyEntries:
            raise problems.too_many_entries(asked.subject, limit_count) from None
        except (Inconsistent, NotCompared) as error:
            raise refusals.stopped(str(error)) from None
        response.headers["Location"] = f"{PREFIX}/{found.id}"
        return _shown(found)

    @routes.get("/{pack_id}")
    async def pack(principal: asker, pack_id: PackId) -> dict[str, Any]:
        """Return how far a pack is: `asked`, `making`, `ready` or `failed`."""
        _ = principal
        return _shown(await _found(desk, pack_id))

    @routes.get("/{pack_id}/download", response_class=FileResponse)
    async def download(principal: asker, pack_id: PackId) -> Response:
        """Return the ZIP file; with payloads that are not open only to auditors, each time on record."""
        found = await _found(desk, pack_id)
        if found.confidential and not principal.has("auditor"):
            raise problems.for_auditors()
        if found.state != "ready" or found.sha256 is None:
            raise problems.not_ready(found)
        try:
            file = await desk.hand_out(found, principal.id)
        except (Inconsistent, NotCompared) as error:
            raise refusals.stopped(str(error)) from None
        headers = {
            "Cache-Control": "no-store",
            "Repr-Digest": f"sha-256=:{base64.b64encode(found.sha256).decode()}:",
        }
        return FileResponse(file, media_type="application/zip", filename=f"evidence-{pack_id}.zip", headers=headers)

    return routes


def _check(asked: Order, desk: EvidenceDesk) -> None:
    try:
        parse_subject(asked.subject)
    except InvalidSubject as error:
        raise problems.invalid("/subject", str(error)) from None
    if asked.framework is not None and asked.framework not in desk.frameworks:
        raise problems.invalid("/framework", f"none of {', '.join(desk.frameworks)}")


async def _found(desk: EvidenceDesk, pack_id: str) -> StoredPack:
    found = await desk.find(pack_id)
    if found is None:
        raise problems.no_such_pack()
    return found


def _shown(pack: StoredPack) -> dict[str, Any]:
    return {
        "id": pack.id,
        "state": pack.state,
        "subject": pack.subject,
        "framework": pack.framework,
        "size": pack.size,
        "confidential": pack.confidential,
        "asked_at": format_time(pack.asked_at),
        "made_at": _time(pack.made_at),
        "sha256": None if pack.sha256 is None else pack.sha256.hex(),
        "bytes_count": pack.bytes_count,
        "entries_count": pack.entries_count,
        "error": pack.error,
        "download": f"{PREFIX}/{pack.id}/download" if pack.state == "ready" else None,
    }


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else format_time(moment)
