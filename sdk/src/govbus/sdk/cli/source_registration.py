"""`govbus sources add`: registers a platform, and with --kafka makes its topic and user where something here may."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final
from urllib.parse import quote

from cyclopts import Parameter

from govbus.contracts.identity import fresh_id
from govbus.sdk.cli.kafka_manifests import commands, strimzi_documents, strimzi_text
from govbus.sdk.cli.output import say, say_error, say_json
from govbus.sdk.cli.session import DEFAULT, OK, REFUSED, Options, Session, session
from govbus.sdk.failures import NotConfigured, NotProvisioned
from govbus.sdk.provisioning import KafkaLogin, KafkaProvisioner, find_provisioner

ADMINS: Final = ("operator", "admin")
_SECRET: Final = "GOVBUS_SIGNATURE_SECRET"  # noqa: S105 - the name of a variable


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a platform is registered with."""

    source: str | None = None
    """URI under which its events' sources lie; //NAME when absent."""

    namespace: str | None = None
    """Owner of its subjects; the name when absent. State another platform's to share it."""

    mapping: str | None = None
    """The mapping that reads its deliveries."""

    type_: Annotated[tuple[str, ...], Parameter(name="--type", negative="")] = ()
    """What it may say, a glob over type names; give it several times. All but approvals when absent."""

    expected_interval_seconds: int | None = None
    """Longest expected pause between two deliveries; a longer one is reported as `source.silent`."""

    replay_window_seconds: int | None = None
    """How old a signed delivery may be."""

    signature: str | None = None
    """How it signs its webhooks: mlflow, github, gitlab, standard-webhooks, ..."""

    secret_file: Path | None = None
    """Holds what it signs with; GOVBUS_SIGNATURE_SECRET instead, never an argument."""

    def body(self, name: str, *, kafka: bool) -> dict[str, Any]:
        """Return the body of `POST /v1/sources`; what is not stated is left to intake."""
        stated: dict[str, Any] = {
            "name": name,
            "source": self.source or f"//{name}",
            "namespace": self.namespace,
            "mapping": self.mapping,
            "types": list(self.type_) or None,
            "expected_interval_seconds": self.expected_interval_seconds,
            "replay_window_seconds": self.replay_window_seconds,
            "signature": _signature(self.signature, self.secret_file),
            "kafka": kafka or None,
        }
        return {field: value for field, value in stated.items() if value is not None}


_NOTHING: Final = Asked()


def add(
    name: str,
    /,
    *,
    asked: Asked = _NOTHING,
    kafka: Annotated[bool, Parameter(negative="")] = False,
    topic_exists: Annotated[bool, Parameter(negative="")] = False,
    cluster: str = "govbus",
    options: Options = DEFAULT,
) -> int:
    """Register a platform; its credential (and with --kafka its password) is printed once and kept by nobody.

    Parameters
    ----------
    kafka
        It emits on a Kafka topic of its own, govbus.intake.NAME, as govbus-source-NAME.
    topic_exists
        With --kafka: topic and user were made by the cluster's operators, so only register.
    cluster
        Name of the Strimzi cluster in what is printed when nothing here may set Kafka up.
    """
    body = asked.body(name, kafka=kafka)
    with session(options) as opened:
        provisioner = find_provisioner(opened.endpoints) if kafka and not topic_exists else None
        if kafka and not topic_exists and provisioner is None:
            return _told_how(name, cluster, options)
        made = opened.transport.post("/v1/sources", opened.token(*ADMINS), body, idempotency_key=fresh_id()).document()
        return _finish(name, made, provisioner, options)


def path_of(name: str) -> str:
    """Return the path of a platform; what stands in a name stays in it."""
    return f"/v1/sources/{quote(name, safe='')}"


def needed_provisioner(opened: Session) -> KafkaProvisioner:
    """Return what may set up Kafka.

    Raises:
        NotProvisioned: nothing here may.
    """
    found = find_provisioner(opened.endpoints)
    if found is None:
        raise NotProvisioned("Nothing installed here may set up this Govbus's Kafka: ask the operators of the cluster.")
    return found


def login_document(login: KafkaLogin) -> dict[str, Any]:
    """Return a login for scripts: the names are those of aiokafka's and librdkafka's settings."""
    return {
        "topic": login.topic,
        "bootstrap_servers": login.bootstrap_servers,
        "security_protocol": login.security_protocol,
        "sasl_mechanism": login.sasl_mechanism,
        "username": login.username,
        "password": login.password,
    }


def say_login(login: KafkaLogin) -> None:
    """Print a login."""
    for field, value in login_document(login).items():
        say(f"kafka {field}{', shown once' if field == 'password' else ''}: {value}")


def _finish(name: str, made: dict[str, Any], provisioner: KafkaProvisioner | None, options: Options) -> int:
    """Print what was made, the credential in any case: it is not shown again, whatever Kafka says."""
    login, problem = None, None
    try:
        login = provisioner.add(name) if provisioner else None
    except NotProvisioned as refused:
        problem = f"{refused} The platform is registered; try again with govbus sources rotate {name} --kafka."
    if options.json:
        kafka = {"kafka": login_document(login)} if login else {}
        say_json({**made, **kafka, **({"error": {"message": problem}} if problem else {})})
    else:
        say(f"registered {name}; credential, shown once: {made['credential']}")
        if login:
            say_login(login)
    if problem:
        say_error(f"govbus: {problem}")
    return REFUSED if problem else OK


def _told_how(name: str, cluster: str, options: Options) -> int:
    if options.json:
        say_json({"registered": False, "strimzi": strimzi_documents(name, cluster), "commands": commands(name)})
    else:
        say("# Nothing installed here may set up this Govbus's Kafka. Apply this to a Strimzi cluster:")
        say(strimzi_text(name, cluster))
        say("# or run Kafka's own tools:")
        for command in commands(name):
            say(command)
    say_error(f"govbus: {name} is not registered yet: make its topic and user, then add it with --topic-exists")
    return REFUSED


def _signature(scheme: str | None, secret_file: Path | None) -> dict[str, str] | None:
    if scheme is None:
        return None
    secret = secret_file.read_text(encoding="utf-8").strip() if secret_file else os.environ.get(_SECRET, "")
    if not secret and scheme != "none":
        raise NotConfigured(f"{scheme} needs what the platform signs with: --secret-file FILE, or {_SECRET}")
    return {"scheme": scheme} | ({"secret": secret} if secret else {})
