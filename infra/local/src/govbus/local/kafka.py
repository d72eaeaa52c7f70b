"""Apache Kafka itself, one KRaft node on a JVM from a wheel, with SCRAM and ACLs.

Crash behaviour: what was acknowledged survives SIGKILL; a format that was interrupted is done again, since the marker
file is written only after it.
"""

import shutil
import signal
import subprocess
import time
from pathlib import Path

from govbus.local.kafka_jars import KAFKA_VERSION, java_binary, kafka_jars
from govbus.local.kafka_properties import ADMIN, KafkaPorts, render_properties
from govbus.local.ports import LOOPBACK, answers, free_ports, is_free
from govbus.local.refusals import Refused
from govbus.local.secret_files import Passwords, read_json, write_private, write_private_json

CLUSTER_ID = "Z292YnVzLWxvY2FsLTAwMQ"
START_TIMEOUT_SECONDS = 60.0
STOP_TIMEOUT_SECONDS = 20.0
JVM_FLAGS = (
    "-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto",
    "-Djava.awt.headless=true", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info",
    "--enable-native-access=ALL-UNNAMED",
)  # fmt: skip


class KafkaServer:
    """One embedded Kafka in `directory`; usable by the supervisor and by tests alike."""

    name = "kafka"
    serves_others = True
    stop_signal = signal.SIGTERM

    def __init__(self, directory: Path, passwords: Passwords, preferred_port: int | None = None) -> None:
        """Prepare; nothing is started. Ports are kept over restarts as long as nobody else took them."""
        self.directory = directory.resolve()
        self.logs = self.directory / "data"
        self.log_path = self.directory / "kafka.log"
        self._passwords = passwords
        self._preferred_port = preferred_port
        self._ports: KafkaPorts | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def bootstrap_servers(self) -> str:
        """`host:port` for clients; known once started."""
        if self._ports is None:
            raise RuntimeError("Kafka was not started")
        return f"{LOOPBACK}:{self._ports.client}"

    @property
    def pid(self) -> int | None:
        """Process id of the running JVM."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    def launch(self) -> None:
        """Format if new and start the JVM, without waiting for it.

        Raises:
            Refused: other version's data, no jars, or no room.
        """
        self.directory.mkdir(parents=True, exist_ok=True)
        classpath = ":".join(str(jar) for jar in kafka_jars())
        if self._ports is None:
            self._ports = self._choose_ports()
        properties = self.directory / "server.properties"
        rendered = render_properties(
            self.logs, self._ports, self._passwords.of(ADMIN), self._passwords.of("kafka-controller")
        )
        write_private(properties, rendered.encode())
        if not self._formatted():
            self._format(properties, classpath)
        arguments = self.directory / "start.args"
        _write_arguments(arguments, [*JVM_FLAGS, "-cp", classpath, "kafka.Kafka", str(properties)])
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(
                [str(java_binary()), f"@{arguments}"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.directory, start_new_session=True,
            )  # fmt: skip

    def wait_listening(self, timeout_seconds: float = START_TIMEOUT_SECONDS) -> None:
        """Return when clients can connect.

        Raises:
            Refused: the JVM ended, or the time is over.
        """
        deadline = time.monotonic() + timeout_seconds
        while time.monotonic() < deadline:
            if self._process is None or self._process.poll() is not None:
                raise Refused(f"Apache Kafka ended while starting; {self._reason()}")
            if self._ports is not None and answers(self._ports.client):
                return
            time.sleep(0.05)
        raise Refused(f"Apache Kafka did not come up in {timeout_seconds:.0f} s; {self._reason()}")

    def start(self) -> None:
        """Launch and wait."""
        self.launch()
        self.wait_listening()

    def stop(self) -> None:
        """End it cleanly, by force when it does not."""
        if self._process is None:
            return
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def kill(self) -> None:
        """SIGKILL the JVM, as a crash would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def ended(self) -> int | None:
        """Return how the JVM ended; None while it runs."""
        return self._process.poll() if self._process is not None else None

    def _choose_ports(self) -> KafkaPorts:
        kept = read_json(self.directory / "ports.json") or {}
        wanted = [self._preferred_port or kept.get("client"), kept.get("controller")]
        spare = free_ports(2)
        client, controller = (
            port if isinstance(port, int) and is_free(port) else other
            for port, other in zip(wanted, spare, strict=True)
        )
        write_private_json(self.directory / "ports.json", {"client": client, "controller": controller})
        return KafkaPorts(client, controller)

    def _formatted(self) -> bool:
        marker = read_json(self.directory / "formatted.json")
        if marker is None:
            return False
        if str(marker.get("version")) != KAFKA_VERSION:
            raise Refused(
                f"{self.logs} was written by Apache Kafka {marker.get('version')}, this is {KAFKA_VERSION}: move the "
                "data folder away and start again."
            )
        if not (self.logs / "meta.properties").exists():
            raise Refused(
                f"{self.logs} has lost its meta.properties: the Kafka data there is not whole. Move the data folder "
                "away and start again."
            )
        return True

    def _format(self, properties: Path, classpath: str) -> None:
        """Format; the password goes by a 0600 file that the launcher expands, not by the command line."""
        shutil.rmtree(self.logs, ignore_errors=True)
        arguments = self.directory / "format.args"
        scram = f"SCRAM-SHA-256=[name={ADMIN},password={self._passwords.of(ADMIN)}]"
        command = ["kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c", str(properties), "--add-scram", scram]
        _write_arguments(arguments, [*JVM_FLAGS, "-cp", classpath, *command])
        try:
            with self.log_path.open("ab") as log:
                ended = subprocess.run(
                    [str(java_binary()), f"@{arguments}"], check=False, stdin=subprocess.DEVNULL, stdout=log, stderr=log
                )
        finally:
            arguments.unlink(missing_ok=True)
        if ended.returncode != 0:
            raise Refused(f"Apache Kafka could not format {self.logs}; {self._reason()}")
        write_private_json(self.directory / "formatted.json", {"version": KAFKA_VERSION})

    def _reason(self) -> str:
        """Return what the log's end says, as the rest of a sentence."""
        tail = self.log_path.read_text(errors="replace").splitlines()[-40:] if self.log_path.exists() else []
        if any("No space left on device" in line for line in tail):
            return f"no space is left on the device of {self.directory}: make room and start again."
        return f"see {self.log_path}" + (f", which ends: {tail[-1]}" if tail else ".")


def _write_arguments(path: Path, arguments: list[str]) -> None:
    """Write a java argument file: one quoted argument a line."""
    quoted = ('"' + argument.replace("\\", "\\\\").replace('"', '\\"') + '"' for argument in arguments)
    write_private(path, ("\n".join(quoted) + "\n").encode())
