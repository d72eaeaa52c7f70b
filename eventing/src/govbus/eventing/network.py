"""Resolves a host that is to be called and checks every address; what was checked is what is connected to."""

import asyncio
import socket
from dataclasses import dataclass
from ipaddress import ip_address

from govbus.eventing.addresses import Address, refusal


class HostRefused(Exception):
    """The host cannot be resolved, or an address of it is not allowed; `reason` is a word."""

    def __init__(self, reason: str, detail: str) -> None:
        """Keep word and sentence."""
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True)
class CheckedHost:
    """A host by name, and its addresses, all of them allowed."""

    name: str
    addresses: tuple[Address, ...]


async def check_host(name: str, port: int, *, allow_private_network: bool) -> CheckedHost:
    """Return the addresses to connect to.

    One forbidden address refuses the host: a name that answers with both is an attack or a mistake.

    Raises:
        HostRefused: `unresolvable` or `address_not_allowed`.
    """
    try:
        found = await asyncio.get_running_loop().getaddrinfo(name, port, type=socket.SOCK_STREAM)
    except OSError:
        raise HostRefused("unresolvable", f"{name} has no address") from None
    addresses = tuple(dict.fromkeys(ip_address(str(item[4][0]).partition("%")[0]) for item in found))
    for address in addresses:
        why = refusal(address, allow_private_network=allow_private_network)
        if why is not None:
            raise HostRefused("address_not_allowed", f"{name}: {why}")
    return CheckedHost(name, addresses)
