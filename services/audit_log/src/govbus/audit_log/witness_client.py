"""Asks one witness over HTTP: at an address that was checked, following nothing, reading no more than an answer has.

Source: c2sp.org/tlog-witness; OWASP, Server Side Request Forgery Prevention Cheat Sheet.
"""

import asyncio
from dataclasses import dataclass
from http import HTTPStatus
from ipaddress import IPv6Address
from typing import Final

import httpx2

from govbus.audit_log.domain.witness_url import add_checkpoint_url, host_and_port
from govbus.audit_log.domain.witnessing import WitnessFailed
from govbus.contracts.translog.add_checkpoint import SIZE_MEDIA_TYPE, AddCheckpoint
from govbus.contracts.translog.checkpoint import DECIMAL
from govbus.contracts.translog.cosignature import CosignatureVerifier, cosigned_at_seconds
from govbus.contracts.translog.note import NoteRejected, Signature, open_note, parse_note
from govbus.contracts.translog.vkey import VerificationKey
from govbus.eventing.network import CheckedHost, HostRefused, check_host

_ANSWER_BYTES: Final = 64 * 1024
_LATEST_SECONDS: Final = 253_402_300_799
"""The end of the year 9999: what a timestamp of the database can hold."""


@dataclass(frozen=True, slots=True)
class Cosignature:
    """A verified signature line and the Unix time in it."""

    signature: Signature
    at_seconds: int


class WitnessClient:
    """One witness. No redirect is followed, no proxy used, no address connected to that was not checked."""

    def __init__(
        self,
        url: str,
        key: VerificationKey,
        client: httpx2.AsyncClient,
        timeout_seconds: float,
        *,
        allow_private_network: bool,
    ) -> None:
        """Ask at the submission prefix `url`, and believe cosignatures of `key` alone."""
        self._url = httpx2.URL(add_checkpoint_url(url))
        self._key = key
        self._client = client
        self._timeout_seconds = timeout_seconds
        self._allow_private_network = allow_private_network

    async def ask(self, request: AddCheckpoint) -> Cosignature | int:
        """Return the cosignature, or the size that the witness says to have cosigned last.

        Raises:
            WitnessFailed: neither.
        """
        try:
            async with asyncio.timeout(self._timeout_seconds):
                name, port = host_and_port(str(self._url))
                host = await check_host(name, port, allow_private_network=self._allow_private_network)
                status, media_type, body = await self._post(request, host)
        except HostRefused as refused:
            raise WitnessFailed(refused.reason, refused.detail) from None
        except (TimeoutError, httpx2.TimeoutException):
            raise WitnessFailed("timeout", f"no answer within {self._timeout_seconds} s") from None
        except (httpx2.HTTPError, OSError) as error:
            raise WitnessFailed("unreachable", type(error).__name__) from None
        if status == HTTPStatus.OK:
            return self._cosignature(request, body)
        if status == HTTPStatus.CONFLICT and media_type == SIZE_MEDIA_TYPE:
            return _size(body)
        raise WitnessFailed(f"http_{status}", f"HTTP {status}")

    async def _post(self, request: AddCheckpoint, host: CheckedHost) -> tuple[int, str, bytes]:
        address = host.addresses[0]
        url = self._url.copy_with(host=f"[{address}]" if isinstance(address, IPv6Address) else str(address))
        headers = {"host": self._url.netloc.decode("ascii"), "user-agent": "govbus-audit-log/1"}
        async with self._client.stream(
            "POST",
            url,
            content=request.to_bytes(),
            headers=headers,
            extensions={"sni_hostname": self._url.host},
            follow_redirects=False,
        ) as response:
            body = b""
            async for chunk in response.aiter_raw():
                body += chunk
                if len(body) > _ANSWER_BYTES:
                    raise WitnessFailed("bad_answer", f"an answer of more than {_ANSWER_BYTES} bytes")
        media_type = response.headers.get("content-type", "").partition(";")[0].strip()
        return response.status_code, media_type, body

    def _cosignature(self, request: AddCheckpoint, body: bytes) -> Cosignature:
        """Return the witness's own line among those it answered with; lines of other keys are ignored."""
        text = parse_note(request.checkpoint).text
        try:
            _, [signature] = open_note(text.encode() + b"\n" + body, [CosignatureVerifier(self._key)])
        except NoteRejected as error:
            raise WitnessFailed("bad_answer", str(error)) from None
        at_seconds = cosigned_at_seconds(signature.signature)
        if at_seconds > _LATEST_SECONDS:
            raise WitnessFailed("bad_answer", "a time that no calendar has")
        return Cosignature(signature, at_seconds)


def _size(body: bytes) -> int:
    text = body.decode("ascii", "replace")
    if not text.endswith("\n") or not DECIMAL.fullmatch(text[:-1]):
        raise WitnessFailed("bad_answer", "a conflict without the size that was cosigned last")
    return int(text)
