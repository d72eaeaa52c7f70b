"""The story's hands: HTTP calls, the `govbus` command, Kafka records, and waiting for what services conclude."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx2
from confluent_kafka import KafkaException, Message, Producer

CALL_TIMEOUT_SECONDS = 20.0
PATIENCE_SECONDS = 60.0
"""How long a conclusion may take; on an idle machine it takes well below a second."""

POLL_SECONDS = 0.1

Found = TypeVar("Found")


class StoryFailed(Exception):
    """The stack answered otherwise than the story expects; the message says what and where."""


@dataclass(frozen=True, slots=True)
class Ran:
    """A `govbus` command that ended: exit status and what it printed as JSON."""

    status: int
    document: Any
    text: str


class World:
    """Everything a person outside of the stack can reach."""

    def __init__(self, endpoints: Mapping[str, Any], home: Path) -> None:
        """Use the addresses and credentials of endpoints.json in the data folder `home`."""
        self._endpoints = endpoints
        self._home = home
        self._newest: dict[tuple[tuple[str, str], ...], int] = {}
        self._client = httpx2.Client(base_url=endpoints["url"], timeout=CALL_TIMEOUT_SECONDS, trust_env=False)

    def credential(self, name: str) -> str:
        """Return a token of endpoints.json."""
        return str(self._endpoints["credentials"][name])

    @property
    def vkey(self) -> str:
        """The log's public key."""
        return str(self._endpoints["log_vkey"])

    def call(self, method: str, path: str, *, expect: int, as_: str | None = None, **rest: Any) -> Any:
        """Call the API and return its JSON.

        Raises:
            StoryFailed: another status than expected.
        """
        headers = dict(rest.pop("headers", {}))
        if as_ is not None:
            headers["Authorization"] = f"Bearer {self.credential(as_)}"
        answer = self._client.request(method, path, headers=headers, **rest)
        if answer.status_code != expect:
            raise StoryFailed(f"{method} {path} answered {answer.status_code}, not {expect}: {answer.text[:400]}")
        return answer.json()

    def get(self, path: str, as_: str = "auditor", **params: str) -> Any:
        """Read from the API."""
        return self.call("GET", path, expect=200, as_=as_, params=params)

    def outside(self, url: str) -> Any:
        """Read from an address that is not the front door's."""
        return httpx2.get(url, timeout=CALL_TIMEOUT_SECONDS, trust_env=False).json()

    def govbus(self, *words: str, expect: int = 0, offline: bool = False) -> Ran:
        """Run the command line tool; `offline` hides the stack from it.

        Raises:
            StoryFailed: another exit status than expected.
        """
        environment = {name: value for name, value in os.environ.items() if not name.startswith("GOVBUS_")}
        environment["GOVBUS_HOME"] = os.devnull if offline else str(self._home)
        argv = [sys.executable, "-m", "govbus.sdk.cli", *words, "--json"]
        done = subprocess.run(argv, env=environment, capture_output=True, text=True, timeout=120, check=False)
        if done.returncode != expect:
            said = (done.stderr or done.stdout)[:400]
            raise StoryFailed(f"`govbus {' '.join(words)}` ended with {done.returncode}, not {expect}: {said}")
        return Ran(done.returncode, _json_or_none(done.stdout), done.stdout)

    def produce(self, topic: str, key: str, value: bytes, headers: Mapping[str, str]) -> tuple[int, int]:
        """Write a record with the user of endpoints.json and return partition and offset."""
        kafka = self._endpoints["kafka"]
        config = {"bootstrap.servers": kafka["bootstrap_servers"], "security.protocol": kafka["security_protocol"]}
        if kafka["security_protocol"].startswith("SASL"):
            config |= {
                "sasl.mechanism": kafka["sasl_mechanism"],
                "sasl.username": kafka["username"],
                "sasl.password": kafka["password"],
            }
        written: list[tuple[int, int]] = []
        failed: list[str] = []

        def on_delivery(error: object, message: Message) -> None:
            if error:
                failed.append(str(error))
            else:
                written.append((message.partition() or 0, message.offset() or 0))

        producer = Producer({**config, "acks": "all"})
        try:
            producer.produce(topic, value, key=key, headers=dict(headers), on_delivery=on_delivery)
        except KafkaException as refused:
            raise StoryFailed(f"Kafka refused the record: {refused}") from None
        producer.flush(CALL_TIMEOUT_SECONDS)
        if failed or not written:
            raise StoryFailed(f"Kafka did not take the record: {', '.join(failed) or 'no answer'}")
        return written[0]

    def wait(self, what: str, look: Callable[[], Found | None]) -> Found:
        """Return what `look` finds.

        Raises:
            StoryFailed: nothing in time.
        """
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            found = look()
            if found is not None:
                return found
            time.sleep(POLL_SECONDS)
        raise StoryFailed(f"{what} did not happen within {PATIENCE_SECONDS:.0f} s")

    def entry(self, what: str, **wanted: str) -> dict[str, Any]:
        """Return the newest log entry that fits and was not returned before, waiting for it."""
        kind = tuple(sorted(wanted.items()))

        def look() -> dict[str, Any] | None:
            items = self.get("/v1/log/entries", **wanted)["items"]
            new = [item for item in items if item["index"] > self._newest.get(kind, -1)]
            return new[-1] if new else None

        found = self.wait(what, look)
        self._newest[kind] = found["index"]
        return found


def _json_or_none(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None
