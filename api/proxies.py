"""Where a request comes from and how: what a proxy says of it is believed as far as trusted proxies wrote it."""

import ipaddress

from starlette.datastructures import Headers
from starlette.types import Scope

from config.settings import Settings

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Proxies:
    """The proxies in front of this system. In demo mode this machine is its own, so that one can speak for many."""

    def __init__(self, settings: Settings) -> None:
        self._trusted = _networks(settings.trusted_proxies)
        self._demo = settings.demo

    def address_of(self, scope: Scope) -> str | None:
        """The address that is counted; None for who has no limit: in demo mode, a direct caller from this machine.

        It is the peer's, or the last one in X-Forwarded-For that no trusted proxy has.
        """
        peer = _peer_of(scope)
        named = [part.strip() for part in Headers(scope=scope).get("X-Forwarded-For", "").split(",") if part.strip()]
        address = peer
        while named and self._is_trusted(address):
            address = named.pop()
        if self._demo and address == peer and _is_loopback(peer):
            return None
        return _counted_as(address) or _counted_as(peer) or "unknown"

    def is_by_tls(self, scope: Scope) -> bool:
        """Whether the caller spoke TLS, to us or to a trusted proxy that says so in X-Forwarded-Proto.

        The first of several words counts: it is about the caller's own connection.
        """
        if scope["scheme"] == "https":
            return True
        told = Headers(scope=scope).get("X-Forwarded-Proto", "").partition(",")[0].strip().lower()
        return told == "https" and self._is_trusted(_peer_of(scope))

    def _is_trusted(self, address: str) -> bool:
        parsed = _parsed(address)
        if parsed is None:
            return False
        return any(parsed in network for network in self._trusted) or (self._demo and parsed.is_loopback)


def _peer_of(scope: Scope) -> str:
    client = scope.get("client")
    return client[0] if client else ""


def _networks(listed: str) -> tuple[_Network, ...]:
    return tuple(ipaddress.ip_network(part.strip(), strict=False) for part in listed.split(",") if part.strip())


def _parsed(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(address)
    except ValueError:
        return None


def _counted_as(address: str) -> str:
    """One household has a whole /64 of IPv6 addresses, so that is what is counted; '' for what is no address."""
    parsed = _parsed(address)
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed or "")


def _is_loopback(address: str) -> bool:
    parsed = _parsed(address)
    return parsed is not None and parsed.is_loopback
