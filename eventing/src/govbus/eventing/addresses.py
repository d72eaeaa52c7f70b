"""Which addresses may be called: never the inside of our own network by the will of somebody else's value.

Source: OWASP, Server Side Request Forgery Prevention Cheat Sheet; RFC 6890.
"""

from ipaddress import IPv4Address, IPv6Address, IPv6Network
from typing import Final

Address = IPv4Address | IPv6Address
_NAT64: Final = IPv6Network("64:ff9b::/96")


def refusal(address: Address, *, allow_private_network: bool) -> str | None:
    """Return why nothing is sent to `address`, None when it may be.

    Link-local addresses (among them the metadata services of clouds), multicast and unspecified ones are refused
    even where private networks are allowed.
    """
    inner = _inner(address)
    if inner.is_link_local or inner.is_multicast or inner.is_unspecified:
        return f"{inner} is link-local, multicast or unspecified"
    if not inner.is_global and not allow_private_network:
        return f"{inner} is not a public address; allow_private_network permits it where that is meant"
    return None


def _inner(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 form of it leads to, or the address itself."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address
