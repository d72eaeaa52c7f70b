"""What a delivery shows of its sender: headers, query, the certificate of its connection, and the raw body."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from govbus.intake.domain.client_certificate import ClientCertificate


@dataclass(frozen=True, slots=True)
class Evidence:
    """One call of a webhook as its scheme sees it; header names in lower case.

    `body` is empty as long as it was not read. `certificate` is what a trusted proxy says the client showed.
    """

    headers: Mapping[str, str]
    query: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    certificate: ClientCertificate | None = None
