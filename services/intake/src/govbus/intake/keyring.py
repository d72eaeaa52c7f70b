"""Persons' keys in the clear, for as long as one run of units or one request lasts; nothing else holds them."""

import secrets
from collections.abc import Callable, Iterable
from datetime import datetime

from govbus.contracts.envelope import Event
from govbus.contracts.personal import KEY_BYTES, PersonKey, seal
from govbus.intake.domain.acceptance import Fact
from govbus.intake.domain.personal_fields import person_of, personal_texts, with_sealed
from govbus.intake.sealing import Sealer
from govbus.intake.store.person_keys import KeptKey


class Keyring:
    """Seals facts under the keys of the persons they speak of; a person without a key gets one.

    `made` are the new keys: they must be kept in the transaction that accepts the facts.
    """

    def __init__(self, sealer: Sealer, new_id: Callable[[], str], now: datetime, known: Iterable[KeptKey]) -> None:
        """Take the live keys of every person that the facts name."""
        self._sealer = sealer
        self._new_id = new_id
        self._now = now
        self._keys = {key.person: opened(sealer, key) for key in known}
        self.made: list[KeptKey] = []

    def without_plain(self, fact: Fact) -> Event:
        """Return the fact as it is stored and sent: its personal texts sealed, everything else as it is."""
        if not personal_texts(fact.event):
            return fact.event
        key = self._key_of(person_of(fact.event))
        return with_sealed(fact.event, lambda text: seal(text, key))

    def _key_of(self, person: str) -> PersonKey:
        found = self._keys.get(person)
        if found is None:
            found = PersonKey(self._new_id(), secrets.token_bytes(KEY_BYTES))
            sealed_secret = self._sealer.seal(found.secret, _purpose(found.id))
            self.made.append(KeptKey(found.id, person, sealed_secret, self._now))
            self._keys[person] = found
        return found


def opened(sealer: Sealer, kept: KeptKey) -> PersonKey:
    """Return a person's key in the clear.

    Raises:
        SealBroken: it was sealed under another installation's key.
        ValueError: it was erased.
    """
    if kept.sealed_secret is None:
        raise ValueError(f"key {kept.id} was erased")
    return PersonKey(kept.id, sealer.open(kept.sealed_secret, _purpose(kept.id)))


def _purpose(key_id: str) -> str:
    return f"person/{key_id}"
