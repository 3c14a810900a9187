"""What anybody may look at: hotels, offers with their promises, reasons, and the price calendar."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from httpx import AsyncClient

from messages.offers import read_offer
from tests.api.world import API, SECRET, Guests, in_days, problem
from tests.story.world import connect

DATES = {"arrival": str(in_days(30)), "departure": str(in_days(32))}


REASON = "The house is being painted until spring."


@pytest.fixture
def painted(owner_url: str) -> Iterator[None]:
    """The hotel in Lisbon sells nothing for a while."""
    closing = "UPDATE hotels SET not_on_sale_reason = %s WHERE slug = 'ribeira'"
    with connect(owner_url) as db:
        db.execute(closing, [REASON])
        yield
        db.execute(closing, [None])


async def test_every_hotel_is_listed_with_its_policies_and_whether_it_sells(painted: None, api: AsyncClient) -> None:
    """A hotel that is not on sale says why."""
    listed = (await api.get(f"{API}/hotels")).json()
    by_slug = {hotel["slug"]: hotel for hotel in listed["items"]}
    assert list(by_slug) == sorted(by_slug)
    assert {"hudson", "kamo", "lagoon", "malabar", "ribeira"} <= by_slug.keys()
    assert by_slug["malabar"]["on_sale"]
    assert by_slug["malabar"]["policies"]["payment"] == "You pay at the hotel."
    assert not by_slug["ribeira"]["on_sale"]
    assert by_slug["ribeira"]["not_on_sale_reason"] == REASON
    assert by_slug["hudson"]["on_sale"]
    assert by_slug["lagoon"]["policies"]["guest_portal"] is False


async def test_pages_of_hotels_join_without_a_gap(api: AsyncClient) -> None:
    """Two at a time give the same hotels in the same order as all at once."""
    whole = (await api.get(f"{API}/hotels", params={"limit": 200})).json()["items"]
    found, cursor = [], None
    while True:
        page = (await api.get(f"{API}/hotels", params={"limit": 2, **({"cursor": cursor} if cursor else {})})).json()
        found += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert [hotel["slug"] for hotel in found] == [hotel["slug"] for hotel in whole]


async def test_a_hotel_tells_its_rooms_its_terms_and_its_day(api: AsyncClient) -> None:
    """Everything a guest reads before choosing dates."""
    hotel = (await api.get(f"{API}/hotels/malabar")).json()
    assert [room_type["code"] for room_type in hotel["room_types"]] == ["COURT", "HARBOUR", "FAMILY", "CAPTAIN"]
    assert hotel["zone"] == "Asia/Kolkata"
    assert hotel["currency"] == "INR"
    assert hotel["business_date"] in {str(in_days(-1)), str(in_days(0)), str(in_days(1))}
    words = {plan["rate_plan"]: plan["cancellation"] for plan in hotel["rate_plans"]}
    assert words["FLEX"].startswith("Cancelling is free of charge until 18:00 hotel time, 1 day before arrival;")
    assert words["NREF"].startswith("Not refundable")
    assert hotel["photos"]
    assert all(photo["alt"] for photo in hotel["photos"])


@pytest.mark.parametrize("slug", ["nowhere", "MALABAR", "%00", "x" * 300])
async def test_a_hotel_that_is_not_there_is_one_and_the_same_nothing(api: AsyncClient, slug: str) -> None:
    """The same answer for every wrong name, also where the rest of the request is wrong."""
    told = await api.get(f"{API}/hotels/nowhere-at-all")
    for path in ("", "/availability?arrival=yesterday", "/calendar"):
        answer = await api.get(f"{API}/hotels/{slug}{path}")
        problem(answer, 404, "not_found")
        assert answer.content == told.content


async def test_an_offer_is_a_signed_promise_whose_lines_sum_to_its_total(api: AsyncClient, guests: Guests) -> None:
    """Nights plus taxes that are not included, to the last paisa; the signed text says the same."""
    for offer in await guests.offers(children_ages="4"):
        nights = sum(night["price"]["amount_minor"] for night in offer["nights"])
        added = sum(tax["amount"]["amount_minor"] for tax in offer["taxes"] if not tax["included"])
        assert offer["total"] == {"amount_minor": nights + added, "currency": "INR"}
        promised = read_offer(SECRET, offer["offer_id"])
        assert promised.quote.total_minor == offer["total"]["amount_minor"]
        assert promised.children_ages == (4,)
        assert offer["left"] > 0
        assert "hotel time" in offer["policy"]["cancellation"] or "Not refundable" in offer["policy"]["cancellation"]


async def test_a_hotel_that_is_not_on_sale_closes_everything_with_its_reason(painted: None, api: AsyncClient) -> None:
    """No offer, every room type, one reason; its calendar is closed too."""
    told = (await api.get(f"{API}/hotels/ribeira/availability", params=DATES)).json()
    hotel = (await api.get(f"{API}/hotels/ribeira")).json()
    assert told["offers"] == []
    assert [what["room_type"] for what in told["closed"]] == [kind["code"] for kind in hotel["room_types"]]
    reasons = [reason for what in told["closed"] for reason in what["reasons"]]
    assert {reason["code"] for reason in reasons} == {"not_on_sale"}
    assert {reason["detail"] for reason in reasons} == {hotel["not_on_sale_reason"]}
    asked = {"from": DATES["arrival"], "to": DATES["departure"]}
    nights = (await api.get(f"{API}/hotels/ribeira/calendar", params=asked)).json()["nights"]
    assert all(night["closed"] and night["reasons"] == ["not_on_sale"] for night in nights)


async def test_a_party_that_fits_no_room_is_told_why_type_by_type(api: AsyncClient) -> None:
    """Closed with the maximum, not with silence."""
    told = (await api.get(f"{API}/hotels/malabar/availability", params={**DATES, "adults": 9})).json()
    assert told["offers"] == []
    assert {reason["code"] for what in told["closed"] for reason in what["reasons"]} == {"party_too_large"}


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"arrival": "2026-02-30", "departure": "2026-03-02"}, "arrival"),
        ({"arrival": "20261215", "departure": "2026-12-17"}, "arrival"),
        ({"arrival": "9999-12-30", "departure": "9999-12-31"}, "departure"),
        ({"departure": "2026-12-17"}, "arrival"),
        ({**DATES, "adults": "two"}, "adults"),
        ({**DATES, "children_ages": "4;9"}, "children_ages"),
        ({**DATES, "rooms": 11}, "rooms"),
    ],
)
async def test_what_cannot_be_read_is_refused_by_its_name(api: AsyncClient, asked: dict[str, str], field: str) -> None:
    """400 with the field and the rule it breaks."""
    told = problem(await api.get(f"{API}/hotels/malabar/availability", params=asked), 400, "invalid_request")
    assert field in [error["field"] for error in told["errors"]]
    assert all(error["rule"] and error["detail"] for error in told["errors"])


@pytest.mark.parametrize(
    ("asked", "code", "field"),
    [
        ({"arrival": DATES["departure"], "departure": DATES["arrival"]}, "departure_before_arrival", "departure"),
        ({"arrival": str(in_days(-9)), "departure": str(in_days(3))}, "arrival_past", "arrival"),
        ({"arrival": str(in_days(3)), "departure": str(in_days(120))}, "stay_too_long", "departure"),
        ({**DATES, "children_ages": "18"}, "child_age_out_of_range", "children_ages"),
    ],
)
async def test_what_a_rule_refuses_names_the_rule(
    api: AsyncClient, asked: dict[str, str], code: str, field: str
) -> None:
    """422: it was understood, and a rule says no."""
    told = problem(await api.get(f"{API}/hotels/malabar/availability", params=asked), 422, code)
    assert [error["field"] for error in told["errors"]] == [field]


async def test_the_calendar_shows_each_night_s_lowest_price(api: AsyncClient) -> None:
    """As many nights as asked for, never more than 400."""
    first = in_days(10)
    asked = {"from": str(first), "to": str(first + timedelta(days=7)), "adults": 2}
    nights = (await api.get(f"{API}/hotels/malabar/calendar", params=asked)).json()["nights"]
    assert [night["night"] for night in nights] == [str(first + timedelta(days=n)) for n in range(7)]
    assert all(night["lowest"]["currency"] == "INR" for night in nights if not night["closed"])
    assert any(not night["closed"] for night in nights)
    too_long = {"from": "2026-01-01", "to": "2150-01-01"}
    problem(await api.get(f"{API}/hotels/malabar/calendar", params=too_long), 422, "calendar_range")
    backwards = {"from": str(in_days(4)), "to": str(in_days(4))}
    problem(await api.get(f"{API}/hotels/malabar/calendar", params=backwards), 422, "calendar_range")
