"""Key figures over HTTP, for any past date."""

from typing import Any

from fastapi import APIRouter, Depends
from sqlalchemy.ext.asyncio import AsyncEngine

from govbus.audit_log.api import evidence_refusals as problems
from govbus.audit_log.api import refusals
from govbus.audit_log.api.moments import past_moment
from govbus.audit_log.kpis import FiguresBehind, KpiFolder
from govbus.audit_log.store.pinned import tree_as_of
from govbus.contracts.envelope import format_time
from govbus.eventing.access import Access


def router(engine: AsyncEngine, access: Access, folder: KpiFolder) -> APIRouter:
    """Return the route."""
    routes = APIRouter(prefix="/v1/kpis", tags=["evidence"], dependencies=[Depends(access.require("viewer"))])

    @routes.get("")
    async def kpis(as_of: str | None = None, since: str | None = None, framework: str | None = None) -> dict[str, Any]:
        """Return the figures as they were at `as_of`, of what became known from `since` on.

        The answer names the tree that it was folded from; once `settled`, it stays the same for ever, except that what
        is erased cannot be folded again.
        """
        if framework is not None and framework not in folder.frameworks:
            raise problems.invalid("/query/framework", f"none of {', '.join(folder.frameworks)}")
        moment, from_ = past_moment("/query/as_of", as_of), past_moment("/query/since", since)
        async with engine.connect() as connection:
            tree = await tree_as_of(connection, moment)
        if tree is None:
            raise refusals.nothing_signed()
        try:
            answer = await folder.answer(tree, from_, framework)
        except FiguresBehind as error:
            raise problems.figures_behind(str(error)) from None
        return {"as_of": format_time(moment or tree.signed_at), **answer}

    return routes
