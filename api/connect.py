"""A hotel's own account at the payment provider: opened, shown, and answered for.

Rule: docs/rules/connect.md. The API asks the work side; it changes nothing at the provider by itself.
"""

import secrets
from dataclasses import replace
from decimal import Decimal

from api.callers import AtDesk
from api.house import House
from api.shapes.connect import AccountBody, AccountChange, AccountOpening, AccountPage
from domain.connect import LOST, NOT_READY, check_country
from domain.refusals import Refused, absent, conflict
from messages.connect import LINK, OPEN, STANDS, AccountTold, AccountWish
from store.hotels import Hotel, hotel_by_id
from store.stripe_accounts import AccountRow, past_accounts, read_account, set_fee


async def account_of(house: House, desk: AtDesk) -> AccountBody:
    """How the hotel is paid, as it was seen last."""
    async with house.database.hotel(desk.hotel_id) as tx:
        return _body(await read_account(tx, desk.hotel_id))


async def open_account(house: House, desk: AtDesk, body: AccountOpening) -> AccountBody:
    """Opens the hotel's account at the provider, or finds the one it has; a lost one that is named gets a follower.

    Errors: 422 connect_unsupported_country; 409 account_missing, account_stands, account_refused;
    503 not_answered_in_time.
    """
    hotel = await _hotel(house, desk)
    check_country(hotel.country, house.settings.stripe_platform_country)
    wish = AccountWish(hotel.id, hotel.slug, hotel.country, OPEN)
    if body.replaces:
        await _check_known(house, desk, body.replaces)
        # Two clicks at once are one question, and no other question's.
        wish = replace(wish, once=f"after-{body.replaces}", replaces=body.replaces)
    _check(await house.front_desk.ask_of_account(wish))
    return await account_of(house, desk)


async def _check_known(house: House, desk: AtDesk, account_id: str) -> None:
    async with house.database.hotel(desk.hotel_id) as tx:
        row = await read_account(tx, desk.hotel_id)
        past = await past_accounts(tx, desk.hotel_id)
    if row is None:
        raise _missing()
    if account_id not in (row.account_id, *past):
        raise _stands()


async def account_page(house: House, desk: AtDesk) -> AccountPage:
    """A page of the provider's, for one visit. Errors: 409 account_missing, account_refused; 503."""
    hotel = await _hotel(house, desk)
    async with house.database.hotel(desk.hotel_id) as tx:
        if await read_account(tx, desk.hotel_id) is None:
            raise _missing()
    wish = AccountWish(hotel.id, hotel.slug, hotel.country, LINK, secrets.token_hex(8))
    told = await house.front_desk.ask_of_account(wish)
    _check(told)
    if told.ends_at is None:
        raise _missing()
    return AccountPage(address=told.page, ends_at=told.ends_at)


async def change_account(house: House, desk: AtDesk, body: AccountChange) -> AccountBody:
    """Sets the platform's share for charges from now on. Errors: 409 account_missing."""
    async with house.database.hotel(desk.hotel_id) as tx:
        if not await set_fee(tx, desk.hotel_id, body.fee_percent, body.refund_fee):
            raise _missing()
    return await account_of(house, desk)


async def _hotel(house: House, desk: AtDesk) -> Hotel:
    async with house.database.public() as tx:
        hotel = await hotel_by_id(tx, desk.hotel_id)
    if hotel is None:
        raise absent()
    return hotel


def _check(told: AccountTold) -> None:
    match told.trouble:
        case "":
            return
        case "no_account":
            raise _missing()
        case word if word == STANDS:
            raise _stands()
        case code:
            raise conflict("account_refused", f"The payment provider does not do that: {code}.", provider_code=code)


def _missing() -> Refused:
    return conflict("account_missing", "The hotel has no account at the payment provider; open one first.")


def _stands() -> Refused:
    return conflict(
        "account_stands", "Only an account of the hotel's that has left the platform, or was rejected, is replaced.",
        "replaces",
    )  # fmt: skip


def _body(row: AccountRow | None) -> AccountBody:
    if row is None:
        return AccountBody(
            account_id=None,
            country=None,
            charges_enabled=False,
            payouts_enabled=False,
            requirements=[],
            fee_percent=Decimal(0),
            refund_fee=True,
            checked_at=None,
            left_at=None,
            sells_online=True,
            replaceable=False,
            in_words="The hotel has no account of its own: guests are charged on the platform's.",
        )
    return AccountBody(
        account_id=row.account_id,
        country=row.country,
        charges_enabled=row.charges_enabled,
        payouts_enabled=row.payouts_enabled,
        requirements=list(row.requirements),
        fee_percent=row.fee_percent,
        refund_fee=row.refund_fee,
        checked_at=row.checked_at,
        left_at=row.left_at,
        sells_online=row.charges_enabled,
        replaceable=row.is_lost,
        in_words=_in_words(row),
    )


def _in_words(row: AccountRow) -> str:
    if row.is_lost:
        return LOST
    return "Payments go to the hotel's own account." if row.charges_enabled else NOT_READY
