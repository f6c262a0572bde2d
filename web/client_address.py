"""The address of the client behind a request, for limits and for the log.

No other forwarding header is evaluated, and of X-Forwarded-For only what TRUSTED_PROXIES added:
anybody can send one.
"""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import TYPE_CHECKING

import settings

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


def client_address(environ: "WSGIEnvironment") -> str:
    """Returns the IP address of the client, or `unknown` if the connection has none."""
    return str(_find(environ) or "unknown")


def client_network(environ: "WSGIEnvironment") -> str:
    """Returns the client for limits: its IPv4 address, or the /64 network of its IPv6 address, in
    which a client can have any number of addresses."""
    address = _find(environ)
    if isinstance(address, IPv6Address):
        return str(IPv6Network((int(address), 64), strict=False))
    return str(address or "unknown")


def _find(environ: "WSGIEnvironment") -> IPv4Address | IPv6Address | None:
    """Reads the header from its end, since each proxy appends the address that called it."""
    address = _parse(environ.get("REMOTE_ADDR", ""))
    for hop in reversed(environ.get("HTTP_X_FORWARDED_FOR", "").split(",")):
        if address is None or not _is_proxy(address):
            break
        previous = _parse(hop.strip())
        if previous is None:
            break
        address = previous
    return address


def _is_proxy(address: IPv4Address | IPv6Address) -> bool:
    return any(address in network for network in settings.current().trusted_proxies)


def _parse(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    # A dual-stack socket reports IPv4 addresses as ::ffff:192.0.2.1.
    return getattr(address, "ipv4_mapped", None) or address
