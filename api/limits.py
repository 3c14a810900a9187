"""How often one address may ask. Counted in each process by itself, so several processes allow so many times more.

The address is the peer's, or the one that a trusted proxy names. A direct caller from this machine has no limit in demo
mode, because that is the person who runs the demo.
"""

import ipaddress
from collections.abc import Callable

from fastapi import Request
from limits import RateLimitItem, RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import FixedWindowRateLimiter

from api.problems import Problem
from config.settings import Settings

PUBLIC = RateLimitItemPerMinute(100, 1, "public")
LOGINS = RateLimitItemPerMinute(10, 15, "login")

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class AddressLimits:
    """The limits of one process."""

    def __init__(self, settings: Settings) -> None:
        self._trusted = _networks(settings.trusted_proxies)
        self._demo = settings.demo
        self._counted = FixedWindowRateLimiter(MemoryStorage())

    async def check(self, request: Request, limit: RateLimitItem, clock: Callable[[], float]) -> None:
        """Counts the request. Errors: 429 too_many_requests with the seconds until the window ends."""
        address = self.address_of(request)
        if address is None or await self._counted.hit(limit, address):
            return
        window = await self._counted.get_window_stats(limit, address)
        wait = max(1, round(window.reset_time - clock()))
        raise Problem(429, "too_many_requests", "Too many requests from this address.", retry_after=wait)

    def address_of(self, request: Request) -> str | None:
        """The address that is counted; None for who has no limit."""
        peer = request.client.host if request.client else ""
        named = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",") if part.strip()]
        address = peer
        while named and self._is_trusted(address):
            address = named.pop()
        if self._demo and address == peer and _is_loopback(peer):
            return None
        return _counted_as(address) or _counted_as(peer) or "unknown"

    def _is_trusted(self, address: str) -> bool:
        """In demo mode this machine is its own proxy, so that tests can speak for many guests."""
        parsed = _parsed(address)
        if parsed is None:
            return False
        return any(parsed in network for network in self._trusted) or (self._demo and parsed.is_loopback)


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
