"""Where everything lies in a data folder and in a checkout."""

from dataclasses import dataclass
from pathlib import Path

from govbus.local.provision import MANIFEST_PATH
from govbus.local.refusals import Refused


@dataclass(frozen=True, slots=True)
class Home:
    """The data folder, `GOVBUS_HOME`: removing it removes everything."""

    root: Path

    @property
    def postgres(self) -> Path:
        """PostgreSQL's folder."""
        return self.root / "postgres"

    @property
    def kafka(self) -> Path:
        """Kafka's folder."""
        return self.root / "kafka"

    @property
    def passwords(self) -> Path:
        """Passwords of roles and Kafka users, 0600."""
        return self.root / "keys" / "passwords.json"

    @property
    def issuer_key(self) -> Path:
        """The issuer's private key, 0600."""
        return self.root / "keys" / "issuer.json"

    @property
    def jwks(self) -> Path:
        """The issuer's public keys."""
        return self.root / "keys" / "jwks.json"

    @property
    def demo_source(self) -> Path:
        """The credential of the source `demo`, 0600."""
        return self.root / "keys" / "source-demo.json"

    @property
    def endpoints(self) -> Path:
        """Where everything is, for the CLI and for scripts, 0600."""
        return self.root / "endpoints.json"

    @property
    def signin(self) -> Path:
        """One-time sign-in codes that the console has not taken yet."""
        return self.root / "signin"

    @property
    def notifier_secrets(self) -> Path:
        """Signing secrets and mail accounts of the notifier's receivers, 0600."""
        return self.root / "keys" / "notifier-secrets.json"

    @property
    def received(self) -> Path:
        """What the receiver on this machine got: webhooks and mails, one line each."""
        return self.root / "received"

    @property
    def story(self) -> Path:
        """Which model the first look was about; absent until it was told."""
        return self.root / "run" / "story.json"

    @property
    def lock(self) -> Path:
        """Held by the one supervisor of this folder."""
        return self.root / "run" / "lock"

    @property
    def supervisor(self) -> Path:
        """Who the supervisor is and how far it has come."""
        return self.root / "run" / "supervisor.json"

    @property
    def children(self) -> Path:
        """Every process that was started, for whoever cleans up after a crash."""
        return self.root / "run" / "children.json"

    @property
    def migrated(self) -> Path:
        """What the databases' tables were last brought to; it lies beside the data that it describes."""
        return self.postgres / "migrated.json"

    def log(self, name: str) -> Path:
        """Output of one process."""
        return self.root / "logs" / f"{name}.log"

    @property
    def mappings(self) -> Path:
        """One's own mapping files, read again as they change."""
        return self.root / "mappings"

    def service_data(self, service: str) -> Path:
        """A folder of one service's own."""
        return self.root / "services" / service


def find_checkout(start: Path) -> Path:
    """Return the nearest folder at or above `start` that holds the manifest.

    Raises:
        Refused: there is none.
    """
    for folder in (start.resolve(), *start.resolve().parents):
        if (folder / MANIFEST_PATH).exists():
            return folder
    raise Refused(
        f"{start} is not in a checkout of govbus ({MANIFEST_PATH} is missing): change into one and start again."
    )
