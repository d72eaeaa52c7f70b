"""One OpenAPI document out of all services': pure."""

from collections.abc import Mapping, Sequence
from typing import Any

PER_SERVICE = ("/livez", "/readyz", "/metrics")
"""Every service has these on its own port; at the one address they are the front door's."""


BEARER = {
    "type": "http",
    "scheme": "bearer",
    "description": "A source's credential, or a person's token; health, sign-in, signed webhooks and the log's public "
    "surface need none.",
}


def merge(documents: Mapping[str, Mapping[str, Any]], url: str, missing: Sequence[str] = ()) -> dict[str, Any]:
    """Return the merged document; components are renamed `<service>.<name>`, so equal names cannot collide.

    Services in `missing` did not answer: the document says so, as a reader would take their routes for gone.
    """
    info = {"title": "Govbus", "version": "1"}
    if missing:
        info["description"] = f"Incomplete: {', '.join(missing)} did not answer. Ask again when `/readyz` is 200."
    paths: dict[str, Any] = {}
    components: dict[str, dict[str, Any]] = {"securitySchemes": {"bearer": BEARER}}
    for service, document in documents.items():
        renamed = _renamed(document, service)
        for path, operations in renamed.get("paths", {}).items():
            if path not in PER_SERVICE:
                paths[path] = _tagged(operations, service)
        for kind, entries in renamed.get("components", {}).items():
            target = components.setdefault(kind, {})
            for name, entry in entries.items():
                target[name if kind == "securitySchemes" else f"{service}.{name}"] = entry
    return {
        "openapi": "3.1.0",
        "info": info,
        "servers": [{"url": url}],
        "tags": [{"name": service} for service in documents],
        "paths": dict(sorted(paths.items())),
        "components": components,
        "security": [{"bearer": []}, {}],
    }


def _tagged(operations: Any, service: str) -> Any:
    return {
        method: {**operation, "tags": [service], "operationId": f"{service}.{operation.get('operationId', method)}"}
        if isinstance(operation, dict)
        else operation
        for method, operation in operations.items()
    }


def _renamed(value: Any, service: str) -> Any:
    """Point every `$ref` to a component at its new name."""
    if isinstance(value, dict):
        return {
            key: _reference(entry, service) if key == "$ref" else _renamed(entry, service)
            for key, entry in value.items()
        }
    return [_renamed(entry, service) for entry in value] if isinstance(value, list) else value


def _reference(target: Any, service: str) -> Any:
    if not isinstance(target, str) or not target.startswith("#/components/"):
        return target
    kind, _, name = target.removeprefix("#/components/").partition("/")
    return f"#/components/{kind}/{service}.{name}"
