"""Changing and removing a registered platform; each act is on record with who did it and when."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict
from sqlalchemy.ext.asyncio import AsyncConnection

from govbus.contracts.envelope import format_time
from govbus.eventing.access import Principal
from govbus.intake.api.answers import problem_of
from govbus.intake.api.bodies import read_settings
from govbus.intake.api.credentials import ADMINS
from govbus.intake.api.registration import Seconds, SourceLimits, TypeGlobs, body_schema, check_mapping
from govbus.intake.api.source_documents import source_document
from govbus.intake.callers import Callers
from govbus.intake.domain.refusals import Refused
from govbus.intake.domain.source import DEFAULT_REPLAY_WINDOW_SECONDS
from govbus.intake.reception import Reception
from govbus.intake.store import source_changes, sources
from govbus.intake.store.source_changes import Change
from govbus.intake.store.sources import Registration

_NOT_HERE: Final = "GET /v1/sources lists the platforms; a removed one cannot be changed."


class ChangedSource(BaseModel):
    """Body of `PATCH /v1/sources/{name}`: what is stated changes, null takes a setting away, the rest stays.

    The same holds for each limit of its own.

    Name, URI and namespace of a platform are what its past facts hang on: they stay.
    """

    model_config = ConfigDict(extra="forbid")

    types: TypeGlobs | None = None
    mapping: str | None = None
    expected_interval_seconds: Seconds | None = None
    replay_window_seconds: Seconds = DEFAULT_REPLAY_WINDOW_SECONDS
    kafka: bool = False
    limits: SourceLimits | None = None

    def stated(self) -> dict[str, Any]:
        """Return the settings that the body names."""
        found = {name: getattr(self, name) for name in self.model_fields_set}
        if "limits" in found:
            named = SourceLimits.model_fields if self.limits is None else self.limits.model_fields_set
            found["limits"] = {limit: getattr(self.limits, limit, None) for limit in named}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in found.items()}


def router(reception: Reception, callers: Callers) -> APIRouter:
    """Return the routes that change a source."""
    routes = APIRouter(tags=["sources"])
    Admin = Annotated[Principal, Depends(callers.person(*ADMINS))]  # noqa: N806 - a type

    @routes.patch("/v1/sources/{name}", openapi_extra=body_schema(ChangedSource))
    async def change(name: str, principal: Admin, request: Request) -> dict[str, Any]:
        """Change what a platform may say, which mapping reads it, how often it is expected, whether it uses Kafka."""
        asked = await read_settings(request, ChangedSource)
        await check_mapping(asked.mapping, reception)
        async with reception.transaction() as (connection, _):
            await _change(connection, await _locked(connection, name), asked, principal, reception)
            found = await _locked(connection, name)
            seen = await sources.activity_of(connection, [name])
        return source_document(found, seen.get(name, sources.Activity()))

    @routes.delete("/v1/sources/{name}", status_code=204)
    async def remove(name: str, principal: Admin) -> Response:
        """Take a registration back: its credentials are revoked, its topic is no longer read, its facts stay."""
        async with reception.transaction() as (connection, _):
            await _locked(connection, name)
            now = reception.clock()
            await source_changes.remove(connection, name, principal.id, now)
            change = Change(now, principal.id, {"removed_at": [None, format_time(now)]})
            await source_changes.add(connection, name, change)
        return Response(status_code=204)

    return routes


async def _change(
    connection: AsyncConnection, found: Registration, asked: ChangedSource, principal: Principal, reception: Reception
) -> None:
    now = reception.clock()
    current = source_document(found, sources.Activity()) | {"kafka": found.source.kafka}
    stated = asked.stated()
    if "limits" in stated:
        stated["limits"] = current["limits"] | stated["limits"]
    changed = {name: value for name, value in stated.items() if current[name] != value}
    if not changed:
        return
    name = found.source.name
    columns = {field: value for field, value in changed.items() if field != "limits"} | changed.get("limits", {})
    if "expected_interval_seconds" in changed:
        columns["expected_since"] = now
    await source_changes.set_settings(connection, name, columns)
    change = {field: [current[field], value] for field, value in changed.items()}
    await source_changes.add(connection, name, Change(now, principal.id, change))


async def _locked(connection: AsyncConnection, name: str) -> Registration:
    found = await sources.find(connection, name, lock=True)
    if found is None:
        raise problem_of(Refused("unknown_source", _NOT_HERE))
    return found
