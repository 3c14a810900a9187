"""The API, both workers and the payment stand-in, so that a guest can pay on pages of ours and the provider's."""

import re
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from html import unescape
from urllib.parse import urlsplit

from httpx import ASGITransport, AsyncClient, Response
from pydantic import SecretStr
from temporalio.client import Client

from api.app import create_app
from config.settings import Settings
from messages.converter import data_converter
from messages.names import workflow_id
from messages.payments import MoneyHint
from store.session import Database
from tests.api.office import eventually
from tests.api.world import ADDRESS, API, SECRET, Body, Guests
from tests.doubles.stripe_running import KEY, StripeDouble
from tests.houses import quiet_day
from worker.build import bookings_worker
from worker.payments import payments_worker
from workflows.booking import BookingWorkflow


@dataclass
class Cashpoint:
    """A hotel's guests who pay by card. stripe: the provider's stand-in."""

    api: AsyncClient
    guests: Guests
    stripe: StripeDouble
    client: Client

    async def hint(self, booking: Body, payment: int = 1) -> None:
        """The provider tells the booking that something happened to a payment."""
        story = self.client.get_workflow_handle(workflow_id(booking["reference"]))
        await story.signal(BookingWorkflow.money_news, MoneyHint((payment,), ()))

    async def booked(self, hotel: str, **guest: str) -> Body:
        """A booking that waits for its payment."""
        arrival = quiet_day()
        dates = {"arrival": str(arrival), "departure": str(arrival + timedelta(days=2)), "adults": 2}
        offers = (await self.api.get(f"{API}/hotels/{hotel}/availability", params=dates)).json()["offers"]
        contact = {
            "name": "A Guest",
            "email": f"{secrets.token_hex(6)}@example.com",
            "phone": "+351 21 000 0000",
            "country": "PT",
        }
        body = {
            "hotel": hotel,
            "offers": [{"offer_id": offers[0]["offer_id"], "guests": [{"name": "A Guest"}]}],
            "guest": {**contact, **guest},
        }
        return await self.guests.booked(body)

    async def pay_path(self, booking: Body) -> str:
        """The address of the page to pay on, from the guest's own page."""
        seen = (await self.api.get(booking["links"]["guest_page"])).text
        found = re.search(r'href="([^"]*/pay/[^"]+)"', seen)
        assert found, seen
        return urlsplit(unescape(found[1])).path

    async def begun(self, path: str) -> str:
        """Where pressing the button leads."""
        answer = await self.press(path)
        assert answer.status_code == 303, answer.text
        return answer.headers["location"]

    async def press(self, path: str) -> Response:
        """The guest presses the button."""
        return await self.api.post(path, content=b"", headers={"Content-Type": "application/x-www-form-urlencoded"})

    async def becomes(self, booking: Body, status: str) -> Body:
        """The booking once it has come to this status."""

        async def there() -> bool:
            return (await self.guests.see(booking)).json()["status"] == status

        await eventually(there)
        return (await self.guests.see(booking)).json()


@asynccontextmanager
async def cashpoint(settings: Settings, stripe: StripeDouble) -> AsyncIterator[Cashpoint]:
    """Everything running, for as long as it is used."""
    paid = settings.model_copy(
        update={
            "stripe_api_key": SecretStr(KEY),
            "stripe_api_base": stripe.address,
            "stripe_double_url": stripe.address,
        }
    )
    client = await Client.connect(
        paid.temporal_target, namespace=paid.temporal_namespace, data_converter=data_converter(SECRET)
    )
    database = Database(paid.app_database_url, pool_size=6)
    await database.open()
    app = create_app(paid)
    async with AsyncExitStack() as running:
        running.push_async_callback(database.close)
        await running.enter_async_context(bookings_worker(client, database, SECRET, versioned=False))
        await running.enter_async_context(payments_worker(client, database, paid, versioned=False))
        await running.enter_async_context(app.router.lifespan_context(app))
        # Few rooms are held unpaid for one address, and every test books a few.
        address = f"10.{secrets.randbelow(256)}.{secrets.randbelow(256)}.{1 + secrets.randbelow(254)}"
        door = ASGITransport(app, client=(address, 50_000))
        api = await running.enter_async_context(AsyncClient(transport=door, base_url=ADDRESS))
        yield Cashpoint(api, Guests(api), stripe, client)
