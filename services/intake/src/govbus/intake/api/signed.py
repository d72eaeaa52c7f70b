"""Reads a delivery that its source's scheme authenticates; what is not authentic is counted, never on record."""

from collections.abc import Sequence
from dataclasses import replace

from fastapi import Request

from govbus.intake.api.answers import problem_of
from govbus.intake.api.bodies import body_limit_bytes, headers_of, read_body
from govbus.intake.api.proxies import TrustedProxies
from govbus.intake.domain.evidence import Evidence
from govbus.intake.domain.refusals import Refused
from govbus.intake.domain.schemes import MTLS, NONE, SCHEMES, SNS
from govbus.intake.domain.sns import check_topic, read_message
from govbus.intake.domain.source import Source
from govbus.intake.reception import Reception
from govbus.intake.sealing import Sealer
from govbus.intake.store.signature_keys import SignatureKey


def secret_purpose(source_name: str) -> str:
    """Return what a source's signature secret is sealed for."""
    return f"signature/{source_name}"


class SignedDeliveries:
    """Authenticates deliveries by the good keys of their source."""

    def __init__(self, reception: Reception, sealer: Sealer, proxies: TrustedProxies) -> None:
        """Take the parts."""
        self._reception = reception
        self._sealer = sealer
        self._proxies = proxies

    async def read(self, request: Request, source: Source, keys: Sequence[SignatureKey]) -> Evidence:
        """Return an authentic delivery with its body.

        Raises:
            Problem: it is not authentic, too large or too much.
        """
        try:
            evidence = self.shown(request, source, keys)
            evidence = replace(evidence, body=await read_body(request, body_limit_bytes(source)))
            if SCHEMES[_scheme(source)].reads_body:
                SCHEMES[_scheme(source)].authenticate(self._secrets(source, keys), evidence)
            if source.signature_scheme == SNS:
                check_topic(read_message(evidence.body), source.signature_topics)
        except Refused as refusal:
            self._reception.refuse_unknown(refusal.reason, source.name)
            raise problem_of(refusal) from None
        return evidence

    def shown(self, request: Request, source: Source, keys: Sequence[SignatureKey]) -> Evidence:
        """Return what a request shows before its body is read, authenticated where that is enough.

        Raises:
            Refused: it is not authentic.
        """
        scheme = SCHEMES[_scheme(source)]
        certificate = self._proxies.certificate_of(request) if source.signature_scheme == MTLS else None
        evidence = Evidence(dict(headers_of(request)), dict(request.query_params), certificate=certificate)
        if not scheme.reads_body:
            scheme.authenticate(self._secrets(source, keys), evidence)
        return evidence

    def _secrets(self, source: Source, keys: Sequence[SignatureKey]) -> list[str]:
        if not keys and source.signature_scheme != NONE:
            raise Refused("bad_signature", f"every signature secret of {source.name} has expired; an operator sets one")
        return [self._sealer.open(key.sealed_secret, secret_purpose(source.name)).decode() for key in keys]


def _scheme(source: Source) -> str:
    return source.signature_scheme or NONE
