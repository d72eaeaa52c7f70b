"""Exports over HTTP: matching entries as NDJSON, CSV or Parquet, and the manifest that proves them all at once.

Both are pinned to a checkpoint. A row says what can be verified; whether it is published by now is not in it.
"""

import dataclasses
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query
from fastapi.responses import StreamingResponse
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from govbus.audit_log.api import refusals
from govbus.audit_log.api.disclosure import Disclosure
from govbus.audit_log.api.narrowing import wanted_entries
from govbus.audit_log.api.sending import SentInTime
from govbus.audit_log.domain.export import MANIFEST, MEDIA_TYPES, Extent, stated_filter
from govbus.audit_log.domain.search import Wanted
from govbus.audit_log.export_job import ExportJob
from govbus.audit_log.exporting import ExportFailed, Exporting, TooManyExports
from govbus.audit_log.settings import Settings
from govbus.audit_log.store.exports import extent_of
from govbus.audit_log.store.pinned import PinnedTree, tree_as_of, tree_of
from govbus.audit_log.store.search import TooManyTypes
from govbus.eventing.access import Access, Principal

_RETRY_SECONDS: Final = 10
_ROWS: Final[dict[int | str, dict[str, Any]]] = {200: {"content": {name: {} for name in MEDIA_TYPES.values()}}}
_JSON: Final[dict[int | str, dict[str, Any]]] = {200: {"content": {"application/json": {}}}}
_Size = Annotated[int | None, Query(ge=1, lt=2**63, description="of a signed checkpoint; default the newest")]


@dataclass(frozen=True, slots=True)
class Pinned:
    """What an export holds: the entries of `wanted` in a signed tree."""

    wanted: Wanted
    stated: dict[str, str]
    tree: PinnedTree
    extent: Extent


class Exports:
    """Pins what is asked for to a signed tree, and has it written."""

    def __init__(self, engine: AsyncEngine, exporting: Exporting, settings: Settings) -> None:
        """Read through `engine`; the writing processes read by themselves."""
        self._engine = engine
        self._exporting = exporting
        self._settings = settings

    async def pin(self, principal: Principal, wanted: Wanted, size: int | None, *, confidential: bool) -> Pinned:
        """Return what an export of the principal's holds.

        Raises:
            Problem: not for this principal, nothing is signed, not of that size, or more than one export may have.
        """
        if confidential and not principal.has("auditor"):
            raise refusals.auditors_only()
        async with self._engine.connect() as connection:
            tree = await _tree(connection, size)
            below = tree.size if wanted.below_index is None else min(wanted.below_index, tree.size)
            within = dataclasses.replace(wanted, below_index=below, sees_closed=confidential)
            try:
                extent = await extent_of(connection, within)
            except TooManyTypes as error:
                raise refusals.invalid_query("type", str(error)) from None
        limit_count = self._settings.audit_log_export_rows_count
        if extent.count > limit_count:
            raise refusals.export_too_large(extent.count, limit_count)
        return Pinned(within, stated_filter(wanted), tree, extent)

    async def written(self, found: Pinned, format_: str) -> AsyncGenerator[bytes, None]:
        """Return the pieces of an export that has begun to be written.

        Raises:
            Problem: too many are being written, or this one could not be begun.
        """
        job = ExportJob(
            postgres_url=self._settings.postgres_url.get_secret_value(),
            format=format_,
            wanted=found.wanted,
            confidential=found.wanted.sees_closed,
            stated=found.stated,
            origin=self._settings.audit_log_origin,
            extent=found.extent,
            size=found.tree.size,
            checkpoint=found.tree.note,
        )
        try:
            return await self._exporting.begin(job)
        except TooManyExports:
            raise refusals.too_many_exports(_RETRY_SECONDS) from None
        except (ExportFailed, TimeoutError):
            raise refusals.export_failed() from None

    def sent(self, pieces: AsyncGenerator[bytes, None], media_type: str, headers: dict[str, str]) -> SentInTime:
        """Return the answer; a reader who stops reading does not keep the place of others."""
        stalled_seconds = self._settings.audit_log_stream_stalled_seconds
        return SentInTime(pieces, stalled_seconds=stalled_seconds, media_type=media_type, headers=headers)


def router(access: Access, disclosure: Disclosure, exports: Exports) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(prefix="/v1/log", tags=["log"])
    viewer = Annotated[Principal, Depends(access.require("viewer"))]
    narrowed = Annotated[Wanted, Depends(wanted_entries)]

    @routes.get("/export", response_class=StreamingResponse, responses=_ROWS)
    async def export(
        principal: viewer,
        wanted: narrowed,
        format_: Annotated[Literal["ndjson", "csv", "parquet"], Query(alias="format")] = "ndjson",
        size: _Size = None,
        *,
        confidential: bool = False,
    ) -> SentInTime:
        """Return matching entries with their exact bytes, in index order; the `Link` header leads to the manifest.

        Payloads that are not public or internal are left out; `confidential=true` gives them to auditors, on record.
        """
        found = await exports.pin(principal, wanted, size, confidential=confidential)
        if confidential and found.extent.closed_count:
            read = {"size": found.tree.size, "filter": found.stated, **dataclasses.asdict(found.extent)}
            await disclosure.record(principal, {"export": read})
        pieces = await exports.written(found, format_)
        query = urlencode(
            {**found.stated, "size": found.tree.size} | ({"confidential": "true"} if confidential else {})
        )
        headers = {
            "Link": f'</v1/log/export/manifest?{query}>; rel="describedby"; type="application/json"',
            "Content-Disposition": f'attachment; filename="entries.{format_}"',
            "Cache-Control": "no-store",
        }
        return exports.sent(pieces, MEDIA_TYPES[format_], headers)

    @routes.get("/export/manifest", response_class=StreamingResponse, responses=_JSON)
    async def manifest(
        principal: viewer, wanted: narrowed, size: _Size = None, *, confidential: bool = False
    ) -> SentInTime:
        """Return what was asked for, the signed checkpoint, and the tree's nodes that lead from the rows to its root.

        `filter` and `range` say what was asked for; `govbus verify` recomputes the root from the rows' entry bytes.
        It shows no payload; `confidential=true` belongs to the manifest of an export that had it.
        """
        found = await exports.pin(principal, wanted, size, confidential=confidential)
        pieces = await exports.written(found, MANIFEST)
        return exports.sent(pieces, "application/json", {"Cache-Control": "no-store"})

    return routes


async def _tree(connection: AsyncConnection, size: int | None) -> PinnedTree:
    newest = await tree_as_of(connection, None)
    if newest is None:
        raise refusals.nothing_signed()
    tree = newest if size is None else await tree_of(connection, size)
    if tree is None:
        raise refusals.no_such_size(size or 0, newest.size)
    return tree
