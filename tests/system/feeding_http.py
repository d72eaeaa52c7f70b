"""Says events over HTTP as a careful platform does: the same batch again, with the same ids, until it is answered."""

import asyncio
from collections.abc import Sequence
from typing import Final

import httpx2

from system.batching import Batch
from system.facts import Said
from system.pace import Pace

_TIMEOUT_SECONDS: Final = 10.0
_PAUSE_SECONDS: Final = 0.2
_TAKEN: Final = ("accepted", "duplicate")
_CONTENT_TYPE: Final = "application/cloudevents-batch+json"


class HttpFeeder:
    """One sender of batches; what it was told is kept."""

    def __init__(self, url: str, credential: str, batches: Sequence[Batch], pace: Pace) -> None:
        """Send `batches` in order as `pace` allows."""
        self._url = f"{url}/v1/events"
        self._headers = {"Authorization": f"Bearer {credential}", "Content-Type": _CONTENT_TYPE}
        self._batches = batches
        self._pace = pace
        self.told: dict[bytes, str] = {}
        self.retries_count = 0

    async def run(self) -> None:
        """Return when every event was answered with a result of its own."""
        for number, batch in enumerate(self._batches):
            await self._pace.wait_for(number / len(self._batches))
            await self._send(batch)

    async def _send(self, batch: Batch) -> None:
        body = b"[" + b",".join(said.structured() for said in batch) + b"]"
        while True:
            results = await self._ask(body)
            if results is not None:
                break
            self.retries_count += 1
            await asyncio.sleep(_PAUSE_SECONDS)
        for said, result in zip(batch, results, strict=True):
            self.told[said.identity] = _told(said, result)

    async def _ask(self, body: bytes) -> list[dict[str, object]] | None:
        """Return the results, None when nobody knows what became of the batch."""
        try:
            async with httpx2.AsyncClient(timeout=_TIMEOUT_SECONDS, trust_env=False) as client:
                answer = await client.post(self._url, content=body, headers=self._headers)
        except httpx2.HTTPError:
            return None
        if answer.status_code >= httpx2.codes.INTERNAL_SERVER_ERROR:
            return None
        if answer.status_code != httpx2.codes.ACCEPTED:
            raise AssertionError(f"a batch was answered {answer.status_code}: {answer.text[:500]}")
        results: list[dict[str, object]] = answer.json()["results"]
        return results


def _told(said: Said, result: dict[str, object]) -> str:
    """Return what the emitter was told of one event: the status, or the reason of a refusal."""
    status = str(result["status"])
    if status in _TAKEN:
        return status
    problem = result.get("problem")
    kind = str(problem.get("type", "")) if isinstance(problem, dict) else ""
    return kind.rpartition("/")[2].replace("-", "_") or f"{status} without a reason ({said.id})"
