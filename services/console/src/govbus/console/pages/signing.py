"""Signing in by a one-time link, signing out by a form."""

import logging
from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Cookie, Form, Request, Response
from fastapi.responses import RedirectResponse

from govbus.console.cookie import NAME, read_cookie
from govbus.console.pages.answers import PAGE_HEADERS, Pages
from govbus.console.sessions import Sessions
from govbus.console.signin_codes import CodeRefused
from govbus.eventing.problems import Problem

_log: Final = logging.getLogger(__name__)
_SEE_OTHER: Final = 303


def signing_routes(pages: Pages, sessions: Sessions) -> APIRouter:
    """Return `/sign-in` and `/sign-out`."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/sign-in")
    async def sign_in(request: Request, code: str = "") -> Response:
        """Take a code, once, and go to the board; the code is in no answer, log or referrer."""
        try:
            cookie, ends_at = await sessions.open(code)
        except (CodeRefused, Problem) as error:
            _log.info("sign-in refused: %s", type(error).__name__)
            return pages.refused(refused_code=bool(code))
        answer = RedirectResponse("/", _SEE_OTHER, headers=dict(PAGE_HEADERS))
        _set(answer, cookie.value, ends_at, is_secure=_is_https(request))
        return answer

    @routes.post("/sign-out")
    async def sign_out(
        form_token: Annotated[str, Form()] = "", govbus_session: Annotated[str | None, Cookie()] = None
    ) -> Response:
        """End the session, when the form is our own."""
        cookie = read_cookie(govbus_session)
        if cookie is not None and not cookie.is_form_token(form_token):
            return pages.page("message.html", 403, title="Not signed out", text="Reload the page and try again.")
        if cookie is not None:
            await sessions.close(cookie)
        answer = RedirectResponse("/", _SEE_OTHER, headers=dict(PAGE_HEADERS))
        answer.delete_cookie(NAME, path="/", httponly=True, samesite="strict")
        return answer

    return routes


def _set(answer: Response, value: str, ends_at: datetime, *, is_secure: bool) -> None:
    answer.set_cookie(NAME, value, expires=ends_at, path="/", httponly=True, samesite="strict", secure=is_secure)


def _is_https(request: Request) -> bool:
    """Return whether the browser came by HTTPS; on one's own machine it comes without."""
    return "https" in {request.url.scheme, request.headers.get("x-forwarded-proto", "").strip().lower()}
