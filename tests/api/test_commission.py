"""What a hotel owes to those who brought it bookings, by channel and source, final and expected."""

from datetime import date, timedelta

from httpx import AsyncClient

from tests.api.world import API, Desk, Guests, bearer
from tests.story.world import connect

SOURCE = "channel:of-a-test"
DAY = date(2029, 5, 10)


async def owing(guests: Guests, owner_url: str, status: str, commission: int, departs: date) -> str:
    """A booking that owes a share, as if it had come by a source of its own."""
    booked = await guests.booked()
    with connect(owner_url) as db:
        db.execute(
            "INSERT INTO sources (hotel_id, source, name) SELECT hotel_id, %s, '=A channel' FROM hotels"
            " WHERE slug = 'malabar' ON CONFLICT DO NOTHING",
            [SOURCE],
        )
        db.execute(
            "UPDATE bookings SET source = %s, status = %s, commission_minor = %s, arrival = %s, departure = %s"
            " WHERE reference = %s",
            [SOURCE, status, commission, departs - timedelta(days=2), departs, booked["reference"]],
        )
    return str(booked["reference"])


async def test_shares_are_added_up_final_and_expected(
    worker: None, guests: Guests, manager: Desk, owner_url: str
) -> None:
    """Completed ones are final; what still lives is expected; what never was, and other days, count for nothing."""
    await owing(guests, owner_url, "completed", 1_000, DAY)
    await owing(guests, owner_url, "completed", 234, DAY + timedelta(days=5))
    await owing(guests, owner_url, "confirmed", 500, DAY + timedelta(days=1))
    await owing(guests, owner_url, "rejected", 9_000, DAY)
    await owing(guests, owner_url, "completed", 7_000, DAY + timedelta(days=6))
    span = {"from": str(DAY), "to": str(DAY + timedelta(days=5))}
    report = await manager.see("reports/commission", **span)
    assert report["items"] == [
        {
            "channel": "web",
            "source": SOURCE,
            "source_name": "=A channel",
            "bookings": 3,
            "completed": 2,
            "final": {"amount_minor": 1_234, "currency": "INR"},
            "expected": {"amount_minor": 500, "currency": "INR"},
        }
    ]
    page = await manager.get("reports/commission.csv", **span)
    assert page.headers["content-type"] == "text/csv; charset=utf-8"
    assert page.text.splitlines() == [
        "channel,source,source_name,bookings,completed,final_minor,expected_minor,currency",
        f"web,{SOURCE},'=A channel,3,2,1234,500,INR",
    ]


async def test_a_report_is_about_a_year_at_most_and_for_managers(manager: Desk, desk: Desk, api: AsyncClient) -> None:
    """The field that is to blame is named."""
    for to, code in (("2029-05-09", "span_backwards"), ("2030-05-11", "span_too_long")):
        answer = await manager.get("reports/commission", **{"from": str(DAY), "to": to})
        assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert (await manager.get("reports/commission", **{"from": "yesterday", "to": "2029-05-09"})).status_code == 400
    assert (await desk.get("reports/commission", **{"from": str(DAY), "to": str(DAY)})).status_code == 403
    elsewhere = await Desk.at(api, "hudson", "manager")
    asked = {"from": str(DAY), "to": str(DAY + timedelta(days=5))}
    answer = await api.get(f"{API}/desk/reports/commission", params=asked, headers=bearer(elsewhere.token))
    assert answer.json()["items"] == []
