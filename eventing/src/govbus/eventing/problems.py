"""`application/problem+json` for every error; nothing of an exception reaches a user.

Source: RFC 9457.
"""

import logging
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, Final

import asyncpg
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from govbus.eventing.failures import is_transient

TYPE_BASE: Final = "https://schemas.govbus.dev/problems/"
MEDIA_TYPE: Final = "application/problem+json"

_AWAY: Final = (DBAPIError, PoolTimeout, asyncpg.PostgresError, asyncpg.InterfaceError, ConnectionError, TimeoutError)
_AWAY_RETRY_SECONDS: Final = 5
"""About as long as waiting for a connection took: until then other requests may have let one go."""

_log: Final = logging.getLogger(__name__)


class Problem(Exception):
    """An answer that is an error: `reason` is stable and scripted against, `detail` says what to do."""

    def __init__(
        self,
        *,
        status: int,
        reason: str,
        title: str,
        detail: str,
        errors: Sequence[dict[str, str]] = (),
        headers: dict[str, str] | None = None,
    ) -> None:
        """`errors` are {"pointer": JSON pointer, "detail": message}."""
        super().__init__(detail)
        self.status = status
        self.reason = reason
        self.title = title
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = headers

    def document(self, instance: str | None = None) -> dict[str, Any]:
        """Return the problem document; `type` is a stable URI per reason, `reason` the same word as in events."""
        found: dict[str, Any] = {
            "type": TYPE_BASE + self.reason.replace("_", "-"),
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "reason": self.reason,
        }
        if instance:
            found["instance"] = instance
        if self.errors:
            found["errors"] = list(self.errors)
        return found


class Answering:
    """Stands directly around the routes: an URL with a NUL goes no further, and a failure is answered, not raised.

    Raised to the server it would close the connection under the next request of whoever shares it.
    """

    def __init__(self, app: ASGIApp) -> None:
        """`app` is what answers otherwise."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if "\x00" in scope["path"] or b"%00" in scope["query_string"]:
            await _respond(Request(scope), _nul_in_url())(scope, receive, send)
            return
        begun = False

        async def sending(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except Exception as error:
            if begun:
                raise
            await _failed(Request(scope), error)(scope, receive, send)


def install_problems(app: FastAPI) -> None:
    """Answer every error of `app` with a problem document."""
    app.add_middleware(Answering)

    async def on_problem(request: Request, error: Exception) -> JSONResponse:
        return _respond(request, error) if isinstance(error, Problem) else await on_failure(request, error)

    async def on_http(request: Request, error: Exception) -> JSONResponse:
        status = error.status_code if isinstance(error, HTTPException) else HTTPStatus.INTERNAL_SERVER_ERROR
        if status == HTTPStatus.BAD_REQUEST:  # only FastAPI says this, of a body that its parser gave up on
            return _respond(request, _malformed())
        headers = dict(error.headers or {}) if isinstance(error, HTTPException) else None
        phrase = HTTPStatus(status).phrase
        reason = phrase.lower().replace(" ", "_")
        detail = f"{request.method} {request.url.path}: {phrase}. GET /docs lists the routes."
        return _respond(request, Problem(status=status, reason=reason, title=phrase, detail=detail, headers=headers))

    async def on_invalid(request: Request, error: Exception) -> JSONResponse:
        items = error.errors() if isinstance(error, RequestValidationError) else []
        return _respond(request, _refused(items, request.headers.get("content-type", "")))

    async def on_failure(request: Request, error: Exception) -> JSONResponse:
        return _failed(request, error)

    app.add_exception_handler(Problem, on_problem)
    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(RequestValidationError, on_invalid)
    app.add_exception_handler(Exception, on_failure)


def _respond(request: Request, problem: Problem) -> JSONResponse:
    return JSONResponse(
        problem.document(request.url.path), problem.status, headers=problem.headers, media_type=MEDIA_TYPE
    )


def _failed(request: Request, error: Exception) -> JSONResponse:
    if isinstance(error, _AWAY) and is_transient(error):
        _log.warning("%s %s: what it needs is away: %s", request.method, request.url.path, type(error).__name__)
        return _respond(request, _away())
    _log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    problem = Problem(
        status=HTTPStatus.INTERNAL_SERVER_ERROR,
        reason="internal",
        title="Internal error",
        detail="Nothing was changed by this request, or it may be repeated; the service's log has the cause.",
    )
    return _respond(request, problem)


def _away() -> Problem:
    return Problem(
        status=HTTPStatus.SERVICE_UNAVAILABLE,
        reason="unavailable",
        title="Unavailable just now",
        detail="The database does not answer, or every connection to it is in use; repeat this after Retry-After.",
        headers={"Retry-After": str(_AWAY_RETRY_SECONDS)},
    )


def _nul_in_url() -> Problem:
    return Problem(
        status=HTTPStatus.UNPROCESSABLE_ENTITY,
        reason="invalid_request",
        title="Request refused",
        detail="The URL holds %00, which no name here contains.",
    )


def _refused(items: Sequence[Any], content_type: str) -> Problem:
    """Return what FastAPI found wrong: 415 for a body that is not said to be JSON, 400 for none, 422 for its fields."""
    whole = any(tuple(item["loc"]) == ("body",) and item["type"] != "missing" for item in items)
    if whole and not is_json(content_type):
        return not_json(content_type)
    if any(item["type"] == "json_invalid" for item in items):
        return _malformed()
    return Problem(
        status=HTTPStatus.UNPROCESSABLE_ENTITY,
        reason="invalid_request",
        title="Request refused",
        detail="Mend what `errors` names and send it again.",
        errors=[{"pointer": _pointer(item["loc"]), "detail": str(item["msg"])} for item in items],
    )


def _malformed() -> Problem:
    return Problem(status=400, reason="malformed", title="Malformed request", detail="The body is not JSON.")


def not_json(content_type: str) -> Problem:
    """Return the 415 problem of a body of another media type."""
    return Problem(
        status=HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        reason="unsupported_media_type",
        title="Not JSON",
        detail=f"Send `Content-Type: application/json`; this is {content_type[:100]!r}.",
    )


def is_json(content_type: str) -> bool:
    """Return whether a media type is JSON or built on it."""
    media_type = content_type.partition(";")[0].strip().lower()
    return media_type == "application/json" or (media_type.startswith("application/") and media_type.endswith("+json"))


def _pointer(location: Sequence[str | int]) -> str:
    """Return the place as a JSON pointer: into the body, or `/query/<name>` and `/path/<name>`."""
    inside = location[1:] if location and location[0] == "body" else location
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in inside)
