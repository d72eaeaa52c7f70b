"""HTML answers: rendered from a template, with headers that let a page load nothing but our own files.

Source: W3C CSP Level 3; OWASP, HTTP Headers Cheat Sheet.
"""

from typing import Any, Final

from fastapi.responses import HTMLResponse
from jinja2 import Environment

from govbus.console.sessions import Visitor

_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; font-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
PAGE_HEADERS: Final = {
    "content-security-policy": _POLICY,
    "cache-control": "no-store",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}


class Pages:
    """Renders pages."""

    def __init__(self, templates: Environment) -> None:
        """Take the environment of all templates."""
        self._templates = templates

    def fragment(self, template: str, **values: Any) -> str:
        """Return rendered HTML."""
        return self._templates.get_template(template).render(**values)

    def page(self, template: str, status: int = 200, **values: Any) -> HTMLResponse:
        """Return a whole page."""
        return HTMLResponse(self.fragment(template, **values), status, headers=dict(PAGE_HEADERS))

    def refused(self, template: str = "signed_out.html", **values: Any) -> HTMLResponse:
        """Return 401: how to get in."""
        answer = self.page(template, 401, **values)
        answer.headers["www-authenticate"] = 'Cookie realm="govbus console"'
        return answer

    def board(self, visitor: Visitor, **values: Any) -> HTMLResponse:
        """Return the board's page."""
        return self.page("board.html", visitor=visitor, form_token=visitor.cookie.form_token, **values)
