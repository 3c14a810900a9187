"""How often one address may ask the public doors.

Counted in each process by itself, so several processes allow so many times more. Logins are counted for all
processes together, in the database: api/office.py.
"""

from collections.abc import Callable

from fastapi import Request
from limits import RateLimitItem, RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import FixedWindowRateLimiter

from api.problems import Problem
from api.proxies import Proxies
from config.settings import Settings

PUBLIC = RateLimitItemPerMinute(100, 1, "public")
# A place of its own: guests who share the hotel's address must not keep its desk from logging in.
AT_LOGIN = RateLimitItemPerMinute(100, 1, "login")


class AddressLimits:
    """The limits of one process."""

    def __init__(self, settings: Settings) -> None:
        self._proxies = Proxies(settings)
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
        return self._proxies.address_of(request.scope)
