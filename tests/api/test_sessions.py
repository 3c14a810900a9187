"""Sessions: renewed without a gap, bounded by their login, seen and ended by whose they are."""

from datetime import datetime, timedelta
from typing import Any

from tests.api.doors import Doors
from tests.api.world import ADDRESS, API, bearer, problem

WHO, COLLEAGUE = "manager@kamo.example", "frontdesk@kamo.example"


async def is_open(doors: Doors, token: str) -> bool:
    """Whether the session of that token opens anything; refused in the one way there is otherwise."""
    answer = await doors.ask(token, "GET", "me")
    if answer.status_code == 200:
        return True
    problem(answer, 401, "not_logged_in")
    return False


async def renewed(doors: Doors, token: str) -> dict[str, Any]:
    answer = await doors.ask(token, "POST", "renew")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def listed(doors: Doors, token: str) -> list[dict[str, Any]]:
    return (await doors.ask(token, "GET", "sessions")).json()["items"]


async def test_a_renewed_session_overlaps_the_old_one_for_half_a_minute(doors: Doors) -> None:
    """So that two tabs don't log each other out."""
    old = await doors.token(WHO)
    doors.later(hours=20)
    new = await renewed(doors, old)
    assert datetime.fromisoformat(new["expires_at"]) == doors.now + timedelta(hours=24)
    assert [place["slug"] for place in new["hotels"]] == ["kamo"]
    doors.later(seconds=29)
    assert await is_open(doors, old)
    doors.later(seconds=2)
    assert not await is_open(doors, old)
    doors.later(hours=23)
    assert await is_open(doors, new["access_token"])


async def test_a_session_is_renewed_once(doors: Doors) -> None:
    """The second tab is told to use the new one; an old token that was stolen makes no session of its own."""
    old = await doors.token(WHO)
    new = (await renewed(doors, old))["access_token"]
    problem(await doors.ask(old, "POST", "renew"), 409, "session_renewed")
    assert len(await listed(doors, new)) == 1
    doors.later(minutes=1)
    problem(await doors.ask(old, "POST", "renew"), 401, "not_logged_in")


async def test_the_overlap_makes_no_session_longer(doors: Doors) -> None:
    """One that is renewed in its last seconds still ends when it would have."""
    old = await doors.token(WHO)
    doors.later(hours=24, seconds=-10)
    await renewed(doors, old)
    doors.later(seconds=11)
    assert not await is_open(doors, old)


async def test_renewing_ends_fourteen_days_after_the_login(doors: Doors) -> None:
    """Then the password is asked for again."""
    token, ends = await doors.token(WHO), doors.now + timedelta(days=14)
    while doors.now + timedelta(hours=23) < ends:
        doors.later(hours=23)
        answer = await renewed(doors, token)
        token = answer["access_token"]
        assert datetime.fromisoformat(answer["expires_at"]) == min(doors.now + timedelta(hours=24), ends)
    doors.later(seconds=(ends - doors.now).total_seconds() - 1)
    assert await is_open(doors, token)
    doors.later(seconds=1)
    assert not await is_open(doors, token)


async def test_a_browser_keeps_the_renewed_session_as_its_cookie(doors: Doors) -> None:
    """By cookie it needs what every act by cookie needs."""
    browser = doors.caller()
    await doors.log_in(WHO, browser)
    first = browser.cookies["holdfast_session"]
    mine = {"Origin": ADDRESS, "X-Holdfast": "1"}
    problem(await browser.post(f"{API}/auth/renew"), 403, "cross_site")
    answer = await browser.post(f"{API}/auth/renew", headers=mine)
    assert browser.cookies["holdfast_session"] == answer.json()["access_token"] != first
    assert {"HttpOnly", "SameSite=lax", "Secure"} <= set(answer.headers["set-cookie"].split("; "))
    problem(await browser.delete(f"{API}/auth/sessions"), 403, "cross_site")
    assert (await browser.delete(f"{API}/auth/sessions", headers=mine)).status_code == 200


async def test_a_dismissed_person_renews_nothing(doors: Doors) -> None:
    """As with everything else."""
    token = await doors.token(WHO)
    doors.rows("UPDATE staff SET active = false WHERE email = %s", WHO)
    problem(await doors.ask(token, "POST", "renew"), 401, "not_logged_in")


async def test_sessions_are_listed_without_their_tokens_or_places(doors: Doors) -> None:
    """The newest first; a renewed one is one session, and keeps the moment of its login."""
    began = doors.now
    first = await doors.token(WHO)
    await doors.token(COLLEAGUE)
    doors.later(hours=1)
    second = await doors.token(WHO)
    doors.later(hours=1)
    first = (await renewed(doors, first))["access_token"]
    answer = await doors.ask(second, "GET", "sessions")
    items = answer.json()["items"]
    assert [one["current"] for one in items] == [False, True]
    assert [datetime.fromisoformat(one["logged_in_at"]) - began for one in items] == [
        timedelta(0),
        timedelta(hours=1),
    ]
    assert {key for one in items for key in one} == {"id", "logged_in_at", "last_used_at", "expires_at", "current"}
    assert first not in answer.text
    assert second not in answer.text
    doors.later(hours=23, minutes=30)
    assert [one["current"] for one in await listed(doors, first)] == [True]


async def test_the_last_use_is_told_to_ten_minutes(doors: Doors) -> None:
    """Not every request is written down."""
    token, began = await doors.token(WHO), doors.now
    for minutes, told in ((5, 0), (4, 0), (2, 11), (9, 11), (2, 22)):
        doors.later(minutes=minutes)
        await is_open(doors, token)
        (one,) = await listed(doors, token)
        assert datetime.fromisoformat(one["last_used_at"]) == began + timedelta(minutes=told)


async def test_who_reads_while_nothing_can_be_written_is_not_refused(doors: Doors) -> None:
    """The moment of the last use is worth no refusal."""
    token = await doors.token(WHO)
    doors.rows("REVOKE UPDATE ON sessions FROM holdfast_app")
    doors.later(minutes=20)
    assert await is_open(doors, token)


async def test_a_person_ends_one_session_or_all_others(doors: Doors) -> None:
    """At once, wherever they are; the colleague's go on."""
    tokens = [await doors.token(WHO) for _ in range(4)]
    theirs = await doors.token(COLLEAGUE)
    (other,) = {one["id"] for one in await listed(doors, tokens[1]) if one["current"]}
    assert (await doors.ask(tokens[0], "DELETE", f"sessions/{other}")).status_code == 204
    assert [await is_open(doors, token) for token in tokens] == [True, False, True, True]
    problem(await doors.ask(tokens[0], "DELETE", f"sessions/{other}"), 404, "not_found")
    assert (await doors.ask(tokens[0], "DELETE", "sessions")).json() == {"ended": 2}
    assert [await is_open(doors, token) for token in tokens] == [True, False, False, False]
    assert await is_open(doors, theirs)


async def test_nobody_ends_the_session_of_somebody_else(doors: Doors) -> None:
    """It looks like one that is not there."""
    mine, theirs = await doors.token(WHO), await doors.token(COLLEAGUE)
    (their_id,) = {one["id"] for one in await listed(doors, theirs)}
    there = await doors.ask(mine, "DELETE", f"sessions/{their_id}")
    nowhere = await doors.ask(mine, "DELETE", "sessions/6f1c2a9e-4b7d-4c35-9e0a-2d8f5b7c1e43")
    problem(there, 404, "not_found")
    assert there.content == nowhere.content
    assert await is_open(doors, theirs)
    problem(await doors.ask(mine, "DELETE", "sessions/nonsense"), 400, "invalid_request")


async def test_a_session_of_the_build_before_is_listed_and_renewed(doors: Doors) -> None:
    """That build writes neither the login's moment nor the last use."""
    token, began = await doors.token(WHO), doors.now
    doors.rows("UPDATE sessions SET logged_in_at = NULL, last_used_at = NULL")
    (one,) = await listed(doors, token)
    assert datetime.fromisoformat(one["logged_in_at"]) == datetime.fromisoformat(one["last_used_at"]) == began
    doors.later(hours=2)
    token = (await renewed(doors, token))["access_token"]
    assert datetime.fromisoformat((await listed(doors, token))[0]["logged_in_at"]) == began
    assert (await doors.caller().get(f"{API}/auth/me", headers=bearer(token))).status_code == 200
