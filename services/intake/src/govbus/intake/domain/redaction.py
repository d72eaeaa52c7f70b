"""Secrets in platforms' payloads: blanked before anything is mapped, stored or logged.

A mapping names the places it knows. Beside them, members that are named like a secret and texts that look like a known
kind of token are blanked wherever they stand, in texts that hold JSON too.

Source: the token formats that GitHub, GitLab, AWS, Slack, OpenAI, Hugging Face and RFC 7519 document.
"""

import re
from collections.abc import Sequence
from typing import Any, Final

from govbus.contracts import strict_json

BLANK: Final = "[redacted]"
"""What stands in place of a secret."""

SECRET_HEADERS: Final = frozenset(
    {
        "aeg-sas-key",
        "aeg-sas-token",
        "api-key",
        "authorization",
        "cookie",
        "private-token",
        "proxy-authorization",
        "x-api-key",
        "x-forwarded-client-cert",
        "x-gitlab-token",
        "x-govbus-proxy-secret",
        "x-ssl-client-cert",
        "x-webhook-secret",
    }
)
"""Headers whose value is a secret itself: never kept and never seen by an expression."""

RedactedPath = tuple[str, ...]
"""Steps from the body downwards; `*` stands for every element or member."""

_NAMED: Final = re.compile(
    r"(?:.*[_.-])?(?:pass(?:word|wd|phrase)|secret|secret_?(?:access_?)?key|client_?secret|(?:access|refresh|auth|bearer|id|api)_?token|"
    r"api_?key|private_?key|authorization|credentials?)",
    re.IGNORECASE,
)
_TOKEN: Final = re.compile(
    r"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{22,}|gl(?:pat|dt|rt|ptt|cbt)-[A-Za-z0-9_-]{20,}|"
    r"(?:AKIA|ASIA)[A-Z0-9]{16}|xox[abeprs]-[A-Za-z0-9-]{10,}|sk-[A-Za-z0-9_-]{20,}|hf_[A-Za-z0-9]{30,}|dapi[a-f0-9]{32}|"
    r"eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,})"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)"
)
_STEP: Final = re.compile(r"\.([A-Za-z_][\w-]*)|(\[\])|\['([^']+)'\]")


def redacted_path(text: str) -> RedactedPath:
    """Return the path written as `body.variables[].value`.

    Raises:
        ValueError: it is not such a path.
    """
    steps = text.removeprefix("body")
    found = list(_STEP.finditer(steps))
    if not text.startswith("body") or not found or "".join(step[0] for step in found) != steps:
        raise ValueError(f"redact: {text[:80]!r} is not a path such as body.variables[].value")
    return tuple("*" if step[2] else step[1] or step[3] for step in found)


def redacted(body: Any, paths: Sequence[RedactedPath]) -> Any:
    """Return `body` without secrets; the same object where there was none."""
    for path in paths:
        body = _blank_at(body, path)
    return _without_secrets(body)


def _blank_at(value: Any, path: RedactedPath) -> Any:
    if not path:
        return value if value is None or value == "" else BLANK
    step, below = path[0], path[1:]
    if isinstance(value, list) and step == "*":
        return [_blank_at(item, below) for item in value]
    if isinstance(value, dict):
        return {key: _blank_at(item, below) if step in {"*", key} else item for key, item in value.items()}
    return value


def _without_secrets(value: Any) -> Any:
    if isinstance(value, str):
        return _json_without_secrets(_TOKEN.sub(BLANK, value))
    if isinstance(value, list):
        items = [_without_secrets(item) for item in value]
        return value if all(new is old for new, old in zip(items, value, strict=True)) else items
    if isinstance(value, dict):
        members = {key: _blank_secret(key, item) for key, item in value.items()}
        return value if all(members[key] is value[key] for key in value) else members
    return value


def _json_without_secrets(text: str) -> str:
    if not text.startswith(("{", "[")):
        return text
    try:
        held = strict_json.parse(text.encode("utf-8", "surrogatepass"))
    except strict_json.InvalidJson:
        return text
    found = _without_secrets(held)
    return text if found is held else strict_json.dump(found).decode()


def _blank_secret(key: str, value: Any) -> Any:
    if isinstance(value, str) and value and _NAMED.fullmatch(key):
        return BLANK
    return _without_secrets(value)
