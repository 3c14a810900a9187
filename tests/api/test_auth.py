"""Staff: logging in, being known by a bearer or a cookie, choosing a hotel, logging out."""

import pytest
from httpx import AsyncClient
from pwdlib import PasswordHash

from api.callers import COOKIE
from api.office import NOBODYS_HASH
from tests.api.conftest import Opener
from tests.api.world import ADDRESS, API, PASSWORD, Desk, Guests, bearer, problem
from tests.story.world import connect

FRONTDESK = {"email": "frontdesk@malabar.example", "password": PASSWORD}


async def test_a_login_tells_where_somebody_works_and_sets_a_careful_cookie(api: AsyncClient) -> None:
    """A bearer token for programs, a cookie that no script can read for browsers."""
    answer = await api.post(f"{API}/auth/login", json={**FRONTDESK, "email": "FrontDesk@malabar.example"})
    session = answer.json()
    assert [(place["slug"], place["role"]) for place in session["hotels"]] == [("malabar", "frontdesk")]
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"{COOKIE}={session['access_token']};")
    assert {"HttpOnly", "SameSite=lax", "Secure", "Path=/"} <= set(cookie.split("; "))
    api.cookies.clear()
    me = (await api.get(f"{API}/auth/me", headers=bearer(session["access_token"]))).json()
    assert (me["email"], me["expires_at"]) == ("frontdesk@malabar.example", session["expires_at"])


async def test_a_wrong_password_and_an_unknown_address_get_one_answer(api: AsyncClient) -> None:
    """The same bytes, and a session for neither."""
    wrong = await api.post(f"{API}/auth/login", json={**FRONTDESK, "password": "wrong"})
    unknown = await api.post(f"{API}/auth/login", json={"email": "nobody@malabar.example", "password": PASSWORD})
    problem(wrong, 401, "login_refused")
    assert wrong.content == unknown.content
    assert "set-cookie" not in wrong.headers
    told = problem(await api.post(f"{API}/auth/login", json={"email": "nobody"}), 400, "invalid_request")
    assert {error["field"] for error in told["errors"]} == {"email", "password"}
    assert PASSWORD not in wrong.text


def test_an_unknown_address_costs_the_same_work_as_a_known_one() -> None:
    """The hash of nobody is made like every other one, so the time to the answer tells nothing."""
    fresh = PasswordHash.recommended().hash(PASSWORD)
    assert NOBODYS_HASH.split("$")[:4] == fresh.split("$")[:4]


async def test_a_session_ends_at_once_when_it_is_logged_out(api: AsyncClient) -> None:
    """Wherever the token is kept."""
    desk = await Desk.at(api, "malabar")
    assert (await desk.get("day")).status_code == 200
    ended = await api.post(f"{API}/auth/logout", headers=bearer(desk.token))
    assert (ended.status_code, ended.content) == (204, b"")
    problem(await desk.get("day"), 401, "not_logged_in")
    problem(await api.get(f"{API}/auth/me", headers=bearer(desk.token)), 401, "not_logged_in")


async def test_a_session_lasts_a_day_and_a_dismissed_person_has_none(opened: Opener, owner_url: str) -> None:
    """Judged at every request."""
    async with opened() as api:
        desk = await Desk.at(api, "malabar", "manager")
        with connect(owner_url) as db:
            db.execute("UPDATE staff SET active = false WHERE email = 'manager@malabar.example'")
            try:
                problem(await desk.get("day"), 401, "not_logged_in")
                refused = await api.post(f"{API}/auth/login", json={**FRONTDESK, "email": "manager@malabar.example"})
            finally:
                db.execute("UPDATE staff SET active = true WHERE email = 'manager@malabar.example'")
        problem(refused, 401, "login_refused")
        assert (await desk.get("day")).status_code == 200
    async with opened(days_later=2) as tomorrow:
        problem(await Desk(tomorrow, desk.token).get("day"), 401, "not_logged_in")


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Basic Zm9v", "Bearer no-such-token", "Bearer " + "x" * 5000, "bearer \xff"]
)
async def test_what_is_no_login_is_nobody(api: AsyncClient, header: str) -> None:
    """401 for whatever stands in the header."""
    sent = [(b"Authorization", header.encode("latin-1"))] if header else []
    problem(await api.get(f"{API}/desk/day", headers=sent), 401, "not_logged_in")


async def test_a_guests_token_opens_no_desk_and_a_session_no_booking(
    api: AsyncClient, guests: Guests, desk: Desk, worker: None
) -> None:
    """Two kinds of keys for two kinds of doors."""
    made = await guests.booked()
    problem(await Desk(api, made["access_token"]).get("day"), 401, "not_logged_in")
    problem(await guests.see({**made, "access_token": desk.token}), 404, "not_found")


async def test_another_sites_page_cannot_use_the_cookie(api: AsyncClient, guests: Guests, worker: None) -> None:
    """A POST by cookie needs this site's Origin and a header that no form can send; reading needs neither."""
    made = await guests.booked()
    await api.post(f"{API}/auth/login", json=FRONTDESK)
    assert api.cookies.get(COOKIE)
    assert (await api.get(f"{API}/desk/day")).status_code == 200
    approve, body = f"{API}/desk/bookings/{made['reference']}/approve", {"version": 1}
    mine = {"Origin": ADDRESS, "X-Holdfast": "1"}
    for headers in ({}, {"Origin": ADDRESS}, {"X-Holdfast": "1"}, {**mine, "Origin": "https://evil.example"},
                    {**mine, "Origin": "null"}):  # fmt: skip
        problem(await api.post(approve, json=body, headers=headers), 403, "cross_site")
    problem(await api.post(f"{API}/auth/logout"), 403, "cross_site")
    assert (await api.post(approve, json=body, headers=mine)).json()["status"] == "confirmed"
    assert (await api.post(f"{API}/auth/logout", headers=mine)).status_code == 204
    assert not api.cookies.get(COOKIE)


async def test_somebody_with_several_hotels_chooses_one(api: AsyncClient, owner_url: str) -> None:
    """Without a choice 400; a hotel that is not theirs looks like one that is not there."""
    with connect(owner_url) as db:
        db.execute(
            "INSERT INTO staff_roles SELECT h.hotel_id, s.staff_id, 'manager' FROM hotels h, staff s"
            " WHERE h.slug IN ('lagoon', 'kamo') AND s.email = 'manager@ribeira.example'"
        )
    try:
        desk = await Desk.at(api, "ribeira", "manager")
        login = bearer(desk.token)
        told = problem(await desk.get("day"), 400, "hotel_not_chosen")
        assert told["errors"][0]["field"] == "X-Hotel"
        for slug, zone in (("lagoon", "Pacific/Apia"), ("ribeira", "Europe/Lisbon")):
            day = await api.get(f"{API}/desk/day", headers={**login, "X-Hotel": slug})
            assert day.json()["zone"] == zone
        answers = [
            await api.get(f"{API}/desk/day", headers={**login, "X-Hotel": slug}) for slug in ("malabar", "nowhere", "")
        ]
    finally:
        with connect(owner_url) as db:
            db.execute(
                "DELETE FROM staff_roles r USING hotels h, staff s WHERE h.hotel_id = r.hotel_id"
                " AND s.staff_id = r.staff_id AND h.slug IN ('lagoon', 'kamo') AND s.email = 'manager@ribeira.example'"
            )
    assert [answer.status_code for answer in answers] == [404] * 3
    assert len({answer.content for answer in answers}) == 1
