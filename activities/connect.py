"""Hotels' own accounts: one is made once, looked at when the provider has news, and shown its page there."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from temporalio import activity
from temporalio.exceptions import ApplicationError

from domain.connect import AccountRefused, AccountSeen, is_lost
from domain.provider_calls import CallState, Move, ProviderAway, next_move
from messages.connect import STANDS, AccountTold, AccountWish

if TYPE_CHECKING:
    from gateways.stripe_connect import StripeConnect
    from store.provider_calls import ProviderCalls
    from store.stripe_accounts import StripeAccounts

PROVIDER_AWAY = "ProviderAway"
# Hotels open accounts rarely, and each call waits for the network.
AT_ONCE = 4
NO_ACCOUNT = "no_account"
P = ParamSpec("P")
R = TypeVar("R")


def real_clock() -> datetime:
    """Now, for the age of keys and for when an account was looked at."""
    return datetime.now(UTC)


class ConnectActivities:
    """What is asked of the provider about hotels' accounts. Errors: ApplicationError `ProviderAway` with one word."""

    def __init__(
        self,
        calls: "ProviderCalls",
        accounts: "StripeAccounts",
        provider: "StripeConnect",
        clock: Callable[[], datetime] = real_clock,
    ) -> None:
        self._calls, self._accounts, self._provider, self._clock = calls, accounts, provider, clock
        self._threads = ThreadPoolExecutor(AT_ONCE, "connect")

    @activity.defn(name="open_account")
    async def open_account(self, wish: AccountWish) -> AccountTold:
        """Makes the hotel's account at the provider, or finds it, and writes down how it stands.

        One that is lost gets a follower where the wish names it; the second of two such wishes finds the follower.
        """
        account_id, number = await self._accounts.numbered(wish.hotel_id)
        if account_id:
            seen = await self._ask(self._provider.look, account_id)
            await self._accounts.keep(wish.hotel_id, wish.country, seen, self._clock())
            if account_id != wish.replaces:
                return AccountTold(account_id)
            if not is_lost(left=seen.left, requirements=seen.requirements):
                return AccountTold(account_id, trouble=STANDS)
        call = self._provider.account_call(wish, number + 1)
        written = await self._calls.begin(wish.hotel_id, "", call, self._clock())
        match next_move(written, self._clock()):
            case Move.WAIT:
                raise ApplicationError("at_work", type=PROVIDER_AWAY)
            case Move.LOOK if not written.object_id:
                return AccountTold(trouble=written.code or "refused")
            case Move.LOOK:
                return await self._kept(wish, await self._ask(self._provider.look, written.object_id))
            case Move.MATCH:
                found = await self._ask(self._provider.match, call, self._clock())
                if found:
                    await self._calls.settle(wish.hotel_id, written, CallState.DONE, found)
                    return await self._kept(wish, await self._ask(self._provider.look, found))
                written = await self._calls.renew(wish.hotel_id, written, call.params, self._clock())
            case Move.SEND:
                pass
        try:
            seen = await self._ask(self._provider.send, written, self._clock())
        except AccountRefused as refused:
            # What was wrong may be mended, and is asked again; so a refusal is not the end of the call.
            await self._calls.settle(wish.hotel_id, written, CallState.NEW)
            return AccountTold(trouble=refused.code)
        except ApplicationError:
            await self._calls.settle(wish.hotel_id, written, CallState.UNKNOWN)
            raise
        await self._calls.settle(wish.hotel_id, written, CallState.DONE, seen.account_id)
        return await self._kept(wish, seen)

    @activity.defn(name="look_at_account")
    async def look_at_account(self, wish: AccountWish) -> AccountTold:
        """Looks at the account and writes down how it stands."""
        account_id = await self._accounts.id_of(wish.hotel_id)
        if not account_id:
            return AccountTold(trouble=NO_ACCOUNT)
        return await self._kept(wish, await self._ask(self._provider.look, account_id))

    @activity.defn(name="make_account_page")
    async def make_account_page(self, wish: AccountWish) -> AccountTold:
        """A page of the provider's for the hotel, for one visit. It is kept nowhere."""
        account_id = await self._accounts.id_of(wish.hotel_id)
        if not account_id:
            return AccountTold(trouble=NO_ACCOUNT)
        key = f"{wish.hotel_id}.connect.page.{wish.once}"
        try:
            page, ends_at = await self._ask(self._provider.page, account_id, key, self._clock())
        except AccountRefused as refused:
            return AccountTold(account_id, trouble=refused.code)
        return AccountTold(account_id, page, ends_at)

    async def _kept(self, wish: AccountWish, seen: AccountSeen) -> AccountTold:
        if wish.replaces and seen.account_id != wish.replaces:
            country = seen.country or wish.country
            await self._accounts.set_aside(wish.hotel_id, wish.replaces, seen.account_id, country, self._clock())
        await self._accounts.keep(wish.hotel_id, wish.country, seen, self._clock())
        return AccountTold(seen.account_id)

    async def _ask(self, question: Callable[P, R], *asked: P.args, **named: P.kwargs) -> R:
        """Waits for the provider in a thread; its troubles come out in one word."""
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, lambda: question(*asked, **named))
        except ProviderAway as away:
            told = ApplicationError(away.word, type=PROVIDER_AWAY)
        raise told
