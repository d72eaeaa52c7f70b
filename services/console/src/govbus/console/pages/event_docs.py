"""The page of all events, at `/docs/events`: files of the checkout, for everybody, under the policy of every page."""

import os
from pathlib import Path
from typing import Final

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response
from starlette.staticfiles import PathLike, StaticFiles
from starlette.types import Scope
from typing_extensions import override

from govbus.console.pages.answers import PAGE_HEADERS

EVENT_DOCS_PATH: Final = "/docs/events"
_HEADERS: Final = {**PAGE_HEADERS, "cache-control": "no-cache"}
"""Kept by the browser and asked for again each time: an unchanged file is answered with 304."""


class EventDocs(StaticFiles):
    """Serves the files of a folder; one that is not there is 404, as is a missing folder."""

    def __init__(self, directory: Path) -> None:
        """Take the folder that holds `index.html`."""
        super().__init__(directory=directory, html=True, check_dir=False)

    @override
    def file_response(
        self, full_path: PathLike, stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        response = super().file_response(full_path, stat_result, scope, status_code)
        response.headers.update(_HEADERS)
        return response


def event_docs_routes() -> APIRouter:
    """Return the route that leads to the folder, so that the links of its page are right."""
    router = APIRouter(include_in_schema=False)

    @router.get(EVENT_DOCS_PATH)
    async def to_the_folder() -> Response:
        return RedirectResponse(EVENT_DOCS_PATH + "/", status_code=308)

    return router
