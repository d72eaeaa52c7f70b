"""What every OpenAPI document says of errors: problem documents, for each route and each status of an error.

FastAPI describes its own answer to a refused request, which nobody here gets.
"""

from typing import Any, Final

from fastapi import FastAPI

from govbus.eventing.problems import MEDIA_TYPE, TYPE_BASE

_METHODS: Final = frozenset({"get", "put", "post", "delete", "options", "head", "patch"})
_FASTAPIS_OWN: Final = ("HTTPValidationError", "ValidationError")
_REFERENCE: Final = {"$ref": "#/components/schemas/Problem"}
_PROBLEM: Final[dict[str, Any]] = {
    "title": "Problem",
    "description": "What went wrong and what to do about it. Source: RFC 9457.",
    "type": "object",
    "required": ["type", "title", "status", "detail", "reason"],
    "properties": {
        "type": {"type": "string", "description": f"A stable URI per reason: {TYPE_BASE}<reason>."},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string", "description": "What to do."},
        "reason": {"type": "string", "description": "A stable word to script against."},
        "instance": {"type": "string", "description": "The path it is about."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "detail"],
                "properties": {
                    "pointer": {"type": "string", "description": "JSON pointer into the body, or /query/<name>."},
                    "detail": {"type": "string"},
                },
            },
        },
    },
}


def describe_problems(app: FastAPI) -> None:
    """Let the document of `app` say of every route that an error is a problem document."""
    generate = app.openapi

    def described() -> dict[str, Any]:
        known = app.openapi_schema
        return known if known is not None else _with_problems(generate())

    app.openapi = described  # type: ignore[method-assign]  # FastAPI's documented way to extend the document


def _with_problems(document: dict[str, Any]) -> dict[str, Any]:
    """Change `document`, which FastAPI keeps, and return it."""
    for operations in document.get("paths", {}).values():
        for method in _METHODS & operations.keys():
            responses = operations[method]["responses"]
            responses.pop("422", None)
            for error, words in (("4XX", "Refused"), ("5XX", "Failed, or not just now")):
                responses[error] = {"description": words, "content": {MEDIA_TYPE: {"schema": _REFERENCE}}}
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for name in _FASTAPIS_OWN:
        schemas.pop(name, None)
    schemas["Problem"] = _PROBLEM
    return document
