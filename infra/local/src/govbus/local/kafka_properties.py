"""The settings of the local one-node Kafka: SCRAM for clients, ACLs for everyone, nothing made by itself."""

from dataclasses import dataclass
from pathlib import Path

from govbus.local.ports import LOOPBACK

ADMIN = "govbus-admin"
"""Kafka's super user: sets topics and ACLs, reads and writes nothing else."""

MECHANISM = "SCRAM-SHA-256"
PROTOCOL = "SASL_PLAINTEXT"

_SCRAM = "org.apache.kafka.common.security.scram.ScramLoginModule"
_PLAIN = "org.apache.kafka.common.security.plain.PlainLoginModule"


@dataclass(frozen=True, slots=True)
class KafkaPorts:
    """Where clients connect, and where broker and controller talk to each other."""

    client: int
    controller: int


def render_properties(logs: Path, ports: KafkaPorts, admin_password: str, controller_password: str) -> str:
    """Return `server.properties`; it holds passwords, so it belongs into a 0600 file.

    The controller's listener takes PLAIN, since SCRAM's own records are what the controller has yet to load.
    """
    controller_login, admin_login = _logins(admin_password, controller_password)
    lines = {
        "process.roles": "broker,controller",
        "node.id": "1",
        "controller.quorum.voters": f"1@{LOOPBACK}:{ports.controller}",
        "controller.listener.names": "CONTROLLER",
        "listeners": f"CLIENT://{LOOPBACK}:{ports.client},CONTROLLER://{LOOPBACK}:{ports.controller}",
        "advertised.listeners": f"CLIENT://{LOOPBACK}:{ports.client}",
        "listener.security.protocol.map": f"CLIENT:{PROTOCOL},CONTROLLER:{PROTOCOL}",
        "inter.broker.listener.name": "CLIENT",
        "sasl.mechanism.inter.broker.protocol": MECHANISM,
        "sasl.mechanism.controller.protocol": "PLAIN",
        "listener.name.client.sasl.enabled.mechanisms": MECHANISM,
        "listener.name.client.scram-sha-256.sasl.jaas.config": admin_login,
        "listener.name.controller.sasl.enabled.mechanisms": "PLAIN",
        "listener.name.controller.plain.sasl.jaas.config": controller_login,
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": f"User:{ADMIN};User:controller",
        "allow.everyone.if.no.acl.found": "false",
        "auto.create.topics.enable": "false",
        "log.dirs": str(logs),
        # A killed broker registers again only when its old session is over: the default 9 s delays every restart.
        "broker.session.timeout.ms": "2000",
        "broker.heartbeat.interval.ms": "400",
        "offsets.topic.replication.factor": "1",
        "offsets.topic.num.partitions": "4",
        "transaction.state.log.replication.factor": "1",
        "transaction.state.log.min.isr": "1",
        "transaction.state.log.num.partitions": "1",
        "share.coordinator.state.topic.replication.factor": "1",
        "share.coordinator.state.topic.min.isr": "1",
        "group.initial.rebalance.delay.ms": "0",
        "message.max.bytes": "1048576",
        "log.retention.check.interval.ms": "300000",
    }
    return "".join(f"{name}={value}\n" for name, value in lines.items())


def _logins(admin_password: str, controller_password: str) -> tuple[str, str]:
    """Return the JAAS lines of the controller's listener and of the broker's own connections."""
    controller_login = (
        f'{_PLAIN} required username="controller" password="{controller_password}" '
        f'user_controller="{controller_password}";'
    )
    admin_login = f'{_SCRAM} required username="{ADMIN}" password="{admin_password}";'
    return controller_login, admin_login
