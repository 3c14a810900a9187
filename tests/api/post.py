"""Letters of a booking that was made over HTTP: claimed and sent without a mail provider."""

from typing import Any

from httpx import AsyncClient, Response
from sqlalchemy import text

from api.house import real_clock
from config.settings import Settings
from domain.notices import NoticeEnd
from store.notices import NoticeStore
from store.session import Database
from tests.api.world import API, Body

HOOK = f"{API}/webhooks/postmark"


async def hotel_of(database: Database, slug: str) -> int:
    """The hotel's number."""
    async with database.public() as tx:
        found = await tx.execute(text("SELECT hotel_id FROM hotels WHERE slug = :slug"), {"slug": slug})
    return int(found.scalar_one())


async def letters_of(database: Database, booking: Body, slug: str = "malabar") -> list[Any]:
    """The booking's notices in their order."""
    hotel_id = await hotel_of(database, slug)
    async with database.hotel(hotel_id) as tx:
        asked = {"hotel_id": hotel_id, "reference": booking["reference"]}
        look = "SELECT * FROM notices WHERE hotel_id = :hotel_id AND reference = :reference ORDER BY notice_id"
        return list((await tx.execute(text(look), asked)).all())


async def send_all(database: Database, slug: str = "malabar") -> None:
    """Everything that waits at the hotel goes out; each letter's name at the provider is `id-` and its number."""
    store, hotel_id = NoticeStore(database), await hotel_of(database, slug)
    while (claimed := await store.claim(hotel_id, real_clock())).to_send or claimed.ended:
        ends = [NoticeEnd(one, "sent", provider_id=f"id-{one}") for one in claimed.to_send]
        await store.end(hotel_id, ends, real_clock())


def news(letter: Any, record_type: str, **more: Any) -> Body:
    """What Postmark tells of a letter."""
    return {
        "RecordType": record_type,
        "MessageID": letter.provider_id or f"id-{letter.notice_id}",
        "Metadata": {
            "holdfast_notice": f"{letter.hotel_id}.{letter.notice_id}",
            "holdfast_booking": letter.reference,
        },
        **more,
    }


def bounce(letter: Any) -> Body:
    """The letter came back."""
    return news(
        letter,
        "Bounce",
        ID=42,
        Type="HardBounce",
        Name="Hard bounce",
        Description="The mailbox guest@example.com does not exist.",
        BouncedAt="2026-12-01T09:30:00.1234567Z",
        Email="guest@example.com",
    )


async def tell(api: AsyncClient, settings: Settings, body: Body) -> Response:
    """Postmark tells, with the secret that was agreed on."""
    return await api.post(HOOK, json=body, auth=("postmark", settings.mail_webhook_secret))
