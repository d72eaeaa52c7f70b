"""Where Govbus is and who asks: the environment, else `.govbus/endpoints.json` of the stack on this machine."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from govbus.sdk.failures import NotConfigured

FOLDER: Final = ".govbus"
FILE: Final = "endpoints.json"
_KAFKA: Final = frozenset(
    {"bootstrap_servers", "security_protocol", "sasl_mechanism", "username", "password", "ca_file"}
)


@dataclass(frozen=True, slots=True)
class KafkaAccess:
    """How Kafka is reached and who reads; the password never shows in a repr."""

    bootstrap_servers: str
    security_protocol: str = "PLAINTEXT"
    sasl_mechanism: str = "SCRAM-SHA-256"
    username: str = ""
    password: str = field(default="", repr=False)
    ca_file: str = ""


@dataclass(frozen=True, slots=True)
class Endpoints:
    """One address, credentials by role (`operator`, `source:demo`), the audit log's key; `home` is the data folder.

    Credentials never show in a repr.
    """

    url: str
    credentials: Mapping[str, str] = field(default_factory=dict, repr=False)
    log_vkey: str | None = None
    home: Path | None = None
    services: Mapping[str, str] = field(default_factory=dict)
    kafka: KafkaAccess | None = None

    def credential(self, *roles: str) -> str:
        """Return the first credential that is there; `*` stands for `GOVBUS_TOKEN`, which serves every role.

        Raises:
            NotConfigured: none of them is known.
        """
        for role in ("*", *roles):
            if role in self.credentials:
                return self.credentials[role]
        raise NotConfigured(f"No credential for {' or '.join(roles)}: set GOVBUS_TOKEN, or start the local stack.")

    def source_credential(self) -> str:
        """Return what events are emitted with: `GOVBUS_SOURCE_TOKEN`, else a source's or an owner's credential."""
        return self.credentials.get("source") or self.credential("source:demo", "owner")


def find_endpoints(environ: Mapping[str, str], start: Path) -> Endpoints:
    """Return the endpoints.

    `GOVBUS_URL`, `GOVBUS_TOKEN`, `GOVBUS_SOURCE_TOKEN` and `GOVBUS_LOG_VKEY` win over the file, which is that of
    `GOVBUS_HOME`, or of the nearest `.govbus` at or above `start`. Its secrets stay with its url.

    Raises:
        NotConfigured: neither is there, or the file cannot be read.
    """
    found = _find_file(environ, start)
    from_file = _read(found) if found else None
    url = environ.get("GOVBUS_URL")
    if from_file is None and not url:
        raise NotConfigured(
            f"No {FOLDER}/{FILE} here or above, and GOVBUS_URL is not set: run `make up`, or set GOVBUS_URL and "
            "GOVBUS_TOKEN."
        )
    known = from_file or Endpoints("")
    elsewhere = url is not None and url.rstrip("/") != known.url
    credentials = {} if elsewhere else dict(known.credentials)
    given = {"*": environ.get("GOVBUS_TOKEN"), "source": environ.get("GOVBUS_SOURCE_TOKEN")}
    return Endpoints(
        url=(url or known.url).rstrip("/"),
        credentials=credentials | {role: text for role, text in given.items() if text},
        log_vkey=environ.get("GOVBUS_LOG_VKEY") or (None if elsewhere else known.log_vkey),
        home=known.home,
        services={} if elsewhere else known.services,
    )


def find_kafka(environ: Mapping[str, str], start: Path) -> KafkaAccess:
    """Return how to read topics: `GOVBUS_KAFKA_BOOTSTRAP_SERVERS` and what stands beside it, else the file's.

    Raises:
        NotConfigured: neither says it.
    """
    found = _kafka(_kafka_of(environ))
    if found is None:
        file = _find_file(environ, start)
        found = _read(file).kafka if file else None
    if found is None:
        raise NotConfigured(
            "It is not known where Kafka is: set GOVBUS_KAFKA_BOOTSTRAP_SERVERS, ..._USERNAME and so on."
        )
    return found


def _find_file(environ: Mapping[str, str], start: Path) -> Path | None:
    if environ.get("GOVBUS_HOME"):
        file = Path(environ["GOVBUS_HOME"]) / FILE
        return file if file.is_file() else None
    folder = start.resolve()
    return next(
        (parent / FOLDER / FILE for parent in (folder, *folder.parents) if (parent / FOLDER / FILE).is_file()), None
    )


def _read(file: Path) -> Endpoints:
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise NotConfigured(f"{file} cannot be read: {error.strerror}") from None
    except ValueError:
        raise NotConfigured(f"{file} is not JSON; it is written anew when the stack starts") from None
    if not isinstance(document, dict) or not isinstance(document.get("url"), str):
        raise NotConfigured(f"{file} has no `url`; it is written anew when the stack starts")
    return Endpoints(
        url=document["url"].rstrip("/"),
        credentials=_texts(document.get("credentials")),
        log_vkey=document["log_vkey"] if isinstance(document.get("log_vkey"), str) else None,
        home=file.parent,
        services=_texts(document.get("services")),
        kafka=_kafka(_texts(document.get("kafka"))),
    )


def _kafka(found: Mapping[str, str]) -> KafkaAccess | None:
    known = {name: text for name, text in found.items() if name in _KAFKA}
    return KafkaAccess(**known) if "bootstrap_servers" in known else None


def _kafka_of(environ: Mapping[str, str]) -> dict[str, str]:
    """Return `GOVBUS_KAFKA_BOOTSTRAP_SERVERS` and what stands beside it, under the names the services use."""
    named = {name: environ.get(f"GOVBUS_KAFKA_{name.upper()}") for name in _KAFKA}
    return {name: text for name, text in named.items() if text}


def _texts(value: Any) -> dict[str, str]:
    return {name: text for name, text in value.items() if isinstance(text, str)} if isinstance(value, dict) else {}
