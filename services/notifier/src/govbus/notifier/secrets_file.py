"""Secrets of receivers, by receiver name; they stand in no routes file, no log, no answer and no event."""

import json
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, RootModel, SecretStr, ValidationError

from govbus.notifier.receivers import Receiver

_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


class SecretsRejected(ValueError):
    """Secrets that cannot be used; the message never holds one."""


class ReceiverSecret(BaseModel):
    """A webhook's signing secrets (`whsec_…`, newest first, so that they can be rotated) or a mail account."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    signing: tuple[SecretStr, ...] = Field(default=(), max_length=4)
    username: str = ""
    password: SecretStr = SecretStr("")


class _Secrets(RootModel[dict[str, ReceiverSecret]]):
    model_config = ConfigDict(hide_input_in_errors=True)


def load_secrets(path: Path | None, inline: str, receivers: Mapping[str, Receiver]) -> Mapping[str, ReceiverSecret]:
    """Return the secrets in the file and in `inline` (the same JSON document, from the environment), which wins.

    A file that is not there holds no secrets: whatever needs one refuses the start by its own name.

    Raises:
        SecretsRejected: unreadable, open to others than its owner, malformed, or a configured webhook without secret.
    """
    found = {**_parse(_read(path), str(path)), **_parse(inline, "GOVBUS_NOTIFIER_SECRETS")}
    for receiver in receivers.values():
        if receiver.channel == "webhook" and receiver.is_configured and not _signs(found.get(receiver.name)):
            raise SecretsRejected(f'{receiver.name}: a webhook is signed; give it {{"signing": ["whsec_…"]}}')
    return found


def _signs(secret: ReceiverSecret | None) -> bool:
    return secret is not None and any(part.get_secret_value() for part in secret.signing)


def _read(path: Path | None) -> str:
    if path is None or not path.exists():
        return ""
    try:
        if path.stat().st_mode & _OTHERS:
            raise SecretsRejected(f"{path} is open to others than its owner: chmod 600")
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise SecretsRejected(f"{path} cannot be read: {error.strerror}") from None


def _parse(text: str, name: str) -> dict[str, ReceiverSecret]:
    if not text.strip():
        return {}
    try:
        return _Secrets.model_validate(json.loads(text)).root
    except ValidationError as error:
        wrong = "; ".join(f"/{'/'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors())
        raise SecretsRejected(f"{name}: {wrong}") from None
    except ValueError:
        raise SecretsRejected(f"{name} is not JSON") from None
