"""One HTTP connection pool to Govbus; every failure becomes one of `govbus.sdk.failures`."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import urlsplit

import httpx2

from govbus.contracts import strict_json
from govbus.sdk.failures import NotConfigured, Refused, Unreachable

PROBLEM: Final = "application/problem+json"
ANSWER_SECONDS: Final = 30.0
"""Above the gate's longest wait (10 s), so that its own answer arrives rather than our timeout."""

LINE_SECONDS: Final = 300.0
"""Between two lines of a streamed answer: a large file is decoded and mapped before its first line."""

CONNECT_SECONDS: Final = 5.0
ANSWER_BYTES: Final = 64 * 1024 * 1024
"""No answer of ours is longer; a stranger's endless one is cut."""

LONGEST_RETRY_AFTER_SECONDS: Final = 300.0
"""A server that asks for more is asked again anyway."""

_LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")
_ERROR_STATUS: Final = 400


@dataclass(frozen=True, slots=True)
class Answer:
    """Status and body of a success."""

    status: int
    content: bytes

    def json(self) -> Any:
        """Return the body as JSON.

        Raises:
            Unreachable: it is not; something else than Govbus answered.
        """
        try:
            return strict_json.parse(self.content)
        except strict_json.InvalidJson as error:
            raise Unreachable(f"the answer is not JSON ({error.detail}): is this really Govbus's address?") from None

    def document(self) -> dict[str, Any]:
        """Return the body as a JSON object."""
        found = self.json()
        if not isinstance(found, dict):
            raise Unreachable("the answer is not a JSON object: is this really Govbus's address?")
        return found


class Transport:
    """Requests to one Govbus; use it as a context manager, or `close` it."""

    def __init__(self, url: str, *, transport: httpx2.BaseTransport | None = None) -> None:
        """Connect to nothing yet; `transport` replaces the network (an in-process application)."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise NotConfigured(f"{url!r} is not an http(s) address")
        self.url = url
        self._client = httpx2.Client(
            base_url=url,
            timeout=httpx2.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS),
            follow_redirects=False,
            trust_env=parts.hostname not in _LOOPBACK,
            transport=transport,
        )

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Close all connections."""
        self.close()

    def close(self) -> None:
        """Close all connections."""
        self._client.close()

    def get(self, path: str, token: str | None = None, *, parameters: Mapping[str, str] | None = None) -> Answer:
        """Ask for `path`."""
        return self.request("GET", path, token, parameters=parameters)

    def post(self, path: str, token: str | None, document: Mapping[str, Any], **headers: str) -> Answer:
        """Send a JSON document; header names are given with `_` for `-`."""
        sent = {"content-type": "application/json"} | {name.replace("_", "-"): text for name, text in headers.items()}
        return self.request("POST", path, token, content=strict_json.dump(document), headers=sent)

    def patch(self, path: str, token: str | None, document: Mapping[str, Any]) -> Answer:
        """Change what a JSON document names."""
        sent = {"content-type": "application/json"}
        return self.request("PATCH", path, token, content=strict_json.dump(document), headers=sent)

    def delete(self, path: str, token: str | None) -> Answer:
        """Take `path` away."""
        return self.request("DELETE", path, token)

    def request(
        self,
        method: str,
        path: str,
        token: str | None,
        *,
        parameters: Mapping[str, str] | None = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Return a success.

        Raises:
            Refused: 4xx, or a problem document.
            Unreachable: no connection, no answer in time, or not an answer of Govbus.
        """
        sent = {**(headers or {}), **bearer(token)}
        try:
            with self._client.stream(method, path, params=parameters, content=content, headers=sent) as response:
                body = _read(response)
        except httpx2.HTTPError as error:
            raise Unreachable(f"{self.url} does not answer ({_said(error)})") from None
        if response.status_code >= _ERROR_STATUS:
            raise _failure(response.status_code, response.headers, body)
        return Answer(response.status_code, body)

    def lines(
        self, path: str, token: str | None, parameters: Mapping[str, str], content: bytes, headers: Mapping[str, str]
    ) -> Iterator[bytes]:
        """Send `content` and yield the lines of the answer as they come; each may take minutes.

        Raises:
            Refused: the server said no.
            Unreachable: the connection was lost; what was answered for until then is done.
        """
        sent = {**headers, **bearer(token)}
        waits = httpx2.Timeout(LINE_SECONDS, connect=CONNECT_SECONDS)
        try:
            with self._client.stream(
                "POST", path, params=parameters, content=content, headers=sent, timeout=waits
            ) as response:
                if response.status_code >= _ERROR_STATUS:
                    raise _failure(response.status_code, response.headers, _read(response))
                for line in response.iter_lines():
                    yield line.encode()
        except httpx2.HTTPError as error:
            raise Unreachable(f"the answer of {self.url} broke off ({_said(error)})") from None

    def parts(self, path: str, token: str | None, parameters: Mapping[str, str] | None = None) -> Iterator[bytes]:
        """Yield a file's bytes as they come, however long it is.

        Raises:
            Refused: the server said no.
            Unreachable: the connection was lost; what came until then is not the whole file.
        """
        waits = httpx2.Timeout(LINE_SECONDS, connect=CONNECT_SECONDS)
        try:
            with self._client.stream("GET", path, params=parameters, headers=bearer(token), timeout=waits) as response:
                if response.status_code >= _ERROR_STATUS:
                    raise _failure(response.status_code, response.headers, _read(response))
                yield from response.iter_bytes()
        except httpx2.HTTPError as error:
            raise Unreachable(f"the file from {self.url} broke off ({_said(error)})") from None

    def server_sent(self, path: str, token: str, parameters: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        """Yield (id, data) of server-sent events until the server ends the stream.

        Raises:
            Refused: the server said no.
            Unreachable: the connection was lost; go on from the last id.
        """
        sent = {"accept": "text/event-stream", **bearer(token)}
        waits = httpx2.Timeout(None, connect=CONNECT_SECONDS)
        try:
            with self._client.stream("GET", path, params=parameters, headers=sent, timeout=waits) as response:
                if response.status_code >= _ERROR_STATUS:
                    raise _failure(response.status_code, response.headers, _read(response))
                for sent_event in httpx2.EventSource(response):
                    yield sent_event.id, sent_event.data
        except httpx2.HTTPError as error:
            raise Unreachable(f"the stream from {self.url} broke ({_said(error)})") from None


def bearer(token: str | None) -> dict[str, str]:
    """Return the Authorization header of a token."""
    return {} if token is None else {"authorization": f"Bearer {token}"}


def _read(response: httpx2.Response) -> bytes:
    found = bytearray()
    for part in response.iter_bytes():
        found += part
        if len(found) > ANSWER_BYTES:
            raise Unreachable(f"an answer longer than {ANSWER_BYTES} bytes")
    return bytes(found)


def _failure(status: int, headers: Mapping[str, str], body: bytes) -> Refused | Unreachable:
    problem: Any = None
    if headers.get("content-type", "").startswith(PROBLEM):
        try:
            problem = strict_json.parse(body)
        except strict_json.InvalidJson:
            problem = None
    if not isinstance(problem, dict):
        problem = {"title": f"HTTP {status}", "detail": "without a problem document: is this Govbus's address?"}
    waits_seconds = _retry_after_seconds(headers.get("retry-after", ""))
    if status in (502, 503, 504):
        return Unreachable(f"{problem.get('title')}: {problem.get('detail')}", waits_seconds)
    return Refused(status, problem, waits_seconds)


def _retry_after_seconds(text: str) -> float | None:
    """Return what `Retry-After` asks for in seconds, bounded; its form as a date is not used by Govbus."""
    return min(float(text), LONGEST_RETRY_AFTER_SECONDS) if text.isascii() and text.isdigit() else None


def _said(error: Exception) -> str:
    return str(error) or type(error).__name__
