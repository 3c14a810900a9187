"""The plain pages: start, a guest's booking, a booking at the desk."""

import re

import pytest
from httpx import AsyncClient

from store.seed import PASSWORD
from tests.api.conftest import Opener
from tests.api.world import Desk, Guests

PAGES = ("/", "/api/docs", "/desk/bookings/MLB-20261215-7Q4K2M")


async def test_the_start_page_shows_the_hotels_and_where_to_look(api: AsyncClient) -> None:
    """Photos with words, policies, whether it sells, a way to offers; docs, mail and Temporal; the demo's logins."""
    page = (await api.get("/")).text
    for name in ("Malabar Lantern House", "Ribeira Tide House", "Kochi", "You pay at the hotel."):
        assert name in page
    assert "Not yet on sale" not in page
    assert all(alt for alt in re.findall(r'<img [^>]*alt="([^"]*)"', page))
    for address in ("/api/docs", ":8025", "/namespaces/"):
        assert address in page
    assert "frontdesk@malabar.example" in page
    assert PASSWORD in page
    for address in re.findall(r'href="(/api/v1/[^"]+)"', page) + re.findall(r'src="(/photos/[^"]+)"', page):
        answer = await api.get(address.replace("&amp;", "&"))
        assert answer.status_code == 200, address


async def test_logins_are_told_in_demo_mode_only(opened: Opener) -> None:
    """A house in earnest has no published password."""
    async with opened("203.0.113.20", demo=False) as api:
        page = (await api.get("/")).text
    assert "Malabar Lantern House" in page
    assert PASSWORD not in page
    assert "@malabar.example" not in page


@pytest.mark.parametrize("path", PAGES)
async def test_pages_need_nothing_that_the_policy_forbids(api: AsyncClient, path: str) -> None:
    """No inline script or style, nothing from elsewhere, a language, a way past the navigation."""
    page = (await api.get(path)).text
    assert '<html lang="en">' in page
    assert 'class="skip"' in page
    assert "width=device-width" in page
    assert "<style" not in page
    assert " style=" not in page
    assert not re.search(r"<script(?! src=\"/assets/)", page)
    assert not re.search(r"\son\w+=", page)
    for address in re.findall(r'(?:src|href)="(/assets/[^"]+)"', page):
        assert (await api.get(address)).status_code == 200


async def test_a_guests_page_tells_the_booking_in_words(guests: Guests, desk: Desk, worker: None) -> None:
    """What it waits for, until when, the price line by line, and a way to cancel while there is one."""
    body = await guests.wish()
    body["guest"]["name"] = "<b>A Guest</b>"
    made = await guests.booked({**body, "special_requests": "<script>alert(1)</script>"})
    page = await guests.api.get(made["links"]["guest_page"])
    assert page.status_code == 200
    assert made["agenda"][0]["local_time"] in page.text
    assert "INR" in page.text
    assert f'data-version="{made["version"]}"' in page.text
    assert "<script>alert" not in page.text
    assert "&lt;script&gt;" in page.text
    await desk.done(made, "decline", reason="Full.")
    after = (await guests.api.get(made["links"]["guest_page"])).text
    assert "rejected" in after
    assert 'id="cancel"' not in after


async def test_a_link_that_opens_nothing_is_one_page(guests: Guests, worker: None) -> None:
    """No token, a wrong one, another booking's, a booking that is not there: the same bytes."""
    made, other = await guests.booked(), await guests.booked()
    told = [
        await guests.api.get(address)
        for address in (
            f"/b/{made['reference']}",
            f"/b/{made['reference']}?token=wrong",
            f"/b/{made['reference']}?token={other['access_token']}",
            f"/b/MLB-20261215-7Q4K2M?token={made['access_token']}",
            "/b/%00?token=%00",
        )
    ]
    assert [answer.status_code for answer in told] == [404] * 5
    assert len({answer.content for answer in told}) == 1


async def test_the_desks_page_holds_nothing_by_itself(guests: Guests, worker: None) -> None:
    """It asks the API as whoever is logged in; a name that is no reference is nothing."""
    made = await guests.booked()
    page = await guests.api.get(f"/desk/bookings/{made['reference']}")
    assert page.status_code == 200
    assert "A Guest" not in page.text
    for name in ("nothing", "x" * 500, '"><script>'):
        assert (await guests.api.get(f"/desk/bookings/{name}")).status_code == 404


@pytest.mark.parametrize(
    "path", ["/assets/start.html", "/assets/../pyproject.toml", "/photos/../start.html", "/assets/photos", "/photos/"]
)
async def test_only_pictures_sheets_and_scripts_are_handed_out(api: AsyncClient, path: str) -> None:
    """Templates and whatever lies beside them are not."""
    assert (await api.get(path)).status_code == 404
