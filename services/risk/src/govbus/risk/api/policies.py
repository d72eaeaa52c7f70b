"""`GET, POST /v1/policies` and their activation."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, ConfigDict, Field

from govbus.contracts.conclusions.policy import PolicyMode
from govbus.contracts.envelope import format_time
from govbus.contracts.fields import Name
from govbus.eventing.access import Principal
from govbus.eventing.paging import DEFAULT_COUNT, Limit, Page, decode_cursor, encode_cursor, page
from govbus.eventing.problems import Problem
from govbus.eventing.service import Service
from govbus.risk.activation import Policies, UnknownBundle
from govbus.risk.policy.rule import BundleRefused
from govbus.risk.store import bundles

FileName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,80}\.yaml$")]
FileText = Annotated[str, Field(max_length=65_536)]


class BundleRequest(BaseModel):
    """A bundle: its name for people, and its files of rules."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Name
    files: dict[FileName, FileText] = Field(min_length=1, max_length=50)


def router(service: Service, policies: Policies) -> APIRouter:
    """Return the routes of policy bundles; only admins change what decides, and they approve nothing."""
    routes = APIRouter(prefix="/v1/policies", tags=["policies"])
    reader = Depends(service.access.require("viewer"))
    admin = Depends(service.access.require("admin"))

    @routes.get("")
    async def list_bundles(
        _: Annotated[Principal, reader], limit: Limit = DEFAULT_COUNT, cursor: str | None = None
    ) -> Page:
        """List bundles by digest, with the mode in which each is active."""
        key = decode_cursor(cursor, str)
        async with service.engine.connect() as connection:
            found = await bundles.page(connection, (key[0],) if key else None, limit + 1)
            active = await bundles.active(connection)
        modes = {activation.digest: mode for mode, activation in sorted(active.items(), reverse=True)}
        items = [
            {**item, "stored_at": format_time(item["stored_at"]), "mode": modes.get(item["digest"])} for item in found
        ]
        return page(items, limit, encode_cursor(items[limit - 1]["digest"]) if len(items) > limit else None)

    @routes.post("", status_code=201, responses={200: {"description": "The same rules are there already"}})
    async def store(asked: BundleRequest, who: Annotated[Principal, admin], response: Response) -> dict[str, Any]:
        """Check and store a bundle: 201, or 200 when the same rules are there already. It decides nothing yet."""
        try:
            stored = await policies.store(asked.name, dict(asked.files), who.id)
        except BundleRefused as refused:
            raise _bundle_refused(refused) from None
        if not stored.is_new:
            response.status_code = 200
        return {"digest": stored.bundle.digest, "rules_count": len(stored.bundle.rules)}

    @routes.post("/{digest}/activate")
    async def activate(digest: str, who: Annotated[Principal, admin], mode: PolicyMode = "enforce") -> dict[str, Any]:
        """Let a stored bundle decide from here on, or watch beside the one that does (`shadow`)."""
        try:
            changed = await policies.activate(digest, mode, who.actor)
        except UnknownBundle:
            raise _no_such_bundle() from None
        return {"digest": digest, "mode": mode, "changed": changed}

    return routes


def _bundle_refused(refused: BundleRefused) -> Problem:
    return Problem(
        status=422,
        reason="bundle_refused",
        title="Bundle refused",
        detail="Mend what `errors` names; each begins with file, line and column.",
        errors=[{"pointer": "/files", "detail": problem} for problem in refused.problems[:100]],
    )


def _no_such_bundle() -> Problem:
    return Problem(
        status=404,
        reason="no_such_bundle",
        title="No such bundle",
        detail="POST /v1/policies stores one and answers with its digest.",
    )
