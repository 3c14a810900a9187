"""Disputes: looked at when the provider has news, and put before the hotel's people while they are open."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from temporalio import activity
from temporalio.exceptions import ApplicationError

from domain.provider_calls import ProviderAway
from messages.disputes import DisputeTold, LookAtDispute

if TYPE_CHECKING:
    from gateways.stripe_disputes import StripeDisputes
    from store.disputes import Disputes

PROVIDER_AWAY = "ProviderAway"
AT_ONCE = 2


def real_clock() -> datetime:
    """Now, for when a dispute was looked at."""
    return datetime.now(UTC)


class DisputeActivities:
    """What is asked of the provider about disputes."""

    def __init__(
        self, disputes: "Disputes", provider: "StripeDisputes", clock: Callable[[], datetime] = real_clock
    ) -> None:
        self._disputes, self._provider, self._clock = disputes, provider, clock
        self._threads = ThreadPoolExecutor(AT_ONCE, "disputes")

    @activity.defn(name="look_at_dispute")
    async def look_at_dispute(self, wish: LookAtDispute) -> DisputeTold:
        """Reads the dispute and keeps it. Errors: ApplicationError `ProviderAway` with one word."""
        loop = asyncio.get_running_loop()
        at = self._clock()
        try:
            seen = await loop.run_in_executor(self._threads, self._provider.look, wish.object_id)
        except ProviderAway as away:
            word = away.word
        else:
            if seen is None:
                return DisputeTold()
            await self._disputes.keep(wish.hotel_id, wish.reference, wish.payment, seen, at)
            return DisputeTold(seen.status)
        raise ApplicationError(word, type=PROVIDER_AWAY)
