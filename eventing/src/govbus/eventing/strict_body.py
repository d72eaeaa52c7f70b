"""JSON bodies mean the same to every reader: what FastAPI's own parser repairs in silence is refused.

A key that stands twice, NaN, half a surrogate pair, too deep a nesting: the next reader might take it for something
else. Routes that read their body themselves do so strictly themselves.
"""

from fastapi import Request

from govbus.contracts import strict_json
from govbus.eventing.problems import Problem, is_json


async def refuse_ambiguous_body(request: Request) -> None:
    """FastAPI dependency of every route.

    Raises:
        Problem: 400 with the parser's reason.
    """
    has_body = getattr(request.scope.get("route"), "body_field", None) is not None
    if not has_body or not is_json(request.headers.get("content-type", "")):
        return
    raw = await request.body()
    try:
        if raw:
            strict_json.parse(raw)
    except strict_json.InvalidJson as error:
        raise Problem(status=400, reason=error.reason, title="Malformed request", detail=error.detail) from None
