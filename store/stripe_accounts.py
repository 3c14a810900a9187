"""Hotels' own accounts at the payment provider, and what a guest reads about a hotel there."""

from sqlalchemy import text

from domain.provider_money import Account
from store.session import Database

_ACCOUNT = text(
    "SELECT account_id, charges_enabled, fee_percent, refund_fee FROM stripe_accounts WHERE hotel_id = :hotel_id"
)
_NAME = text("SELECT name FROM hotels WHERE hotel_id = :hotel_id")


class StripeAccounts:
    """Who is charged for a hotel."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def account_of(self, hotel_id: int) -> Account | None:
        """The hotel's own account; None where the platform's is charged."""
        async with self._database.hotel(hotel_id) as tx:
            row = (await tx.execute(_ACCOUNT, {"hotel_id": hotel_id})).one_or_none()
        return None if row is None else Account(*row)

    async def name_of(self, hotel_id: int) -> str:
        """The hotel's name, which stands on the provider's page."""
        async with self._database.hotel(hotel_id) as tx:
            return (await tx.execute(_NAME, {"hotel_id": hotel_id})).scalar_one()
