"""How often one address may ask."""

import asyncio
import itertools
from collections.abc import Iterable, Sequence

import pytest
from httpx import AsyncClient

from tests.api.conftest import Opener
from tests.api.doors import Doors
from tests.api.world import API, Desk, bearer, problem

WHO = "frontdesk@malabar.example"


async def statuses(doors: Doors, callers: Sequence[AsyncClient], emails: Iterable[str]) -> list[int]:
    """What tries with a wrong password are answered, one caller after the other."""
    tries = zip(itertools.cycle(callers), emails, strict=False)
    return [(await doors.log_in(email, caller, "wrong")).status_code for caller, email in tries]


async def test_an_address_may_try_ten_logins_in_a_quarter_of_an_hour(doors: Doors) -> None:
    """Whatever accounts it tries. The eleventh is told how long to wait, right password or not."""
    caller = doors.caller("203.0.113.7")
    emails = (f"somebody{n}@malabar.example" for n in range(10))
    assert await statuses(doors, [caller], emails) == [401] * 10
    doors.later(minutes=5)
    answer = await doors.log_in(WHO, caller)
    told = problem(answer, 429, "too_many_requests")
    assert int(answer.headers["Retry-After"]) == told["retry_after"] == 10 * 60
    assert (await doors.log_in(WHO, doors.caller("203.0.113.8"))).status_code == 200
    doors.later(minutes=10)
    assert (await doors.log_in(WHO, caller)).status_code == 200


async def test_many_addresses_cannot_guess_one_account(doors: Doors) -> None:
    """Ten tries for the account, however it is written and wherever they come from; other accounts are not touched."""
    callers = [doors.caller(f"203.0.113.{n}") for n in range(20, 30)]
    emails = itertools.islice(itertools.cycle([WHO, WHO.title()]), 10)
    assert await statuses(doors, callers, emails) == [401] * 10
    fresh = doors.caller("203.0.113.31")
    problem(await doors.log_in(WHO, fresh), 429, "too_many_requests")
    assert (await doors.log_in("manager@malabar.example", fresh)).status_code == 200


async def test_an_unknown_account_is_counted_like_a_known_one(doors: Doors) -> None:
    """So that the limit tells nobody who has a login here."""
    callers = [doors.caller(f"203.0.113.{n}") for n in range(20, 31)]
    assert await statuses(doors, callers, ["nobody@malabar.example"] * 11) == [401] * 10 + [429]


async def test_processes_count_logins_together(doors: Doors) -> None:
    """Several processes allow no more tries than one."""
    callers = [doors.caller("203.0.113.7", app) for app in (doors.app, await doors.another())]
    emails = (f"somebody{n}@malabar.example" for n in range(12))
    assert await statuses(doors, callers, emails) == [401] * 10 + [429] * 2


async def test_tries_at_one_moment_are_counted_each(doors: Doors) -> None:
    """No two of them take the same place."""
    office = doors.app.state.house.office
    tries = (office.count_login("203.0.113.7", f"somebody{n}@malabar.example") for n in range(14))
    answers = await asyncio.gather(*tries, return_exceptions=True)
    assert sorted(getattr(one, "code", "counted") for one in answers) == ["counted"] * 10 + ["too_many_requests"] * 4


async def test_what_is_counted_names_nobody_and_is_swept(doors: Doors) -> None:
    """Neither an address nor an account can be read from the table, and ended windows leave it."""
    await statuses(doors, [doors.caller("203.0.113.7")], [WHO, "nobody@malabar.example"])
    kept = [who for (who,) in doors.rows("SELECT who FROM login_attempts")]
    assert len(kept) == 3
    assert not any(word in who for who in kept for word in ("203.0.113", "malabar", "@"))
    doors.later(minutes=16)
    await statuses(doors, [doors.caller("203.0.113.9")], ["another@malabar.example"])
    assert doors.rows("SELECT count(*) FROM login_attempts WHERE ends_at <= %s", doors.now) == [(0,)]


async def test_a_clock_that_was_set_back_locks_nobody_out(doors: Doors) -> None:
    """A window that seems to end too late begins anew."""
    caller = doors.caller("203.0.113.7")
    doors.later(days=30)
    await statuses(doors, [caller], (f"somebody{n}@malabar.example" for n in range(11)))
    doors.later(days=-30)
    assert (await doors.log_in(WHO, caller)).status_code == 200


async def test_an_address_may_ask_a_hundred_times_a_minute(opened: Opener) -> None:
    """The public doors count together; a desk that is logged in is not counted."""
    async with opened("203.0.113.8") as api:
        desk = await Desk.at(api, "malabar")
        statuses = [(await api.get(f"{API}/hotels/nowhere")).status_code for _ in range(101)]
        assert statuses == [404] * 100 + [429]
        problem(await api.get(f"{API}/bookings/MLB-20261215-7Q4K2M"), 429, "too_many_requests")
        problem(await api.get(f"{API}/desk/day", headers=bearer("guessed")), 429, "too_many_requests")
        assert (await desk.get("day")).status_code == 200
        assert (await api.get("/healthz")).status_code == 200


async def test_who_runs_the_demo_has_no_limit(opened: Opener) -> None:
    """A direct caller from this machine; outside demo mode it is an address like others."""
    async with opened("127.0.0.1") as api:
        assert {(await api.get(f"{API}/hotels/nowhere")).status_code for _ in range(105)} == {404}
    async with opened("127.0.0.1", demo=False) as api:
        assert (await _last_of(api, 101)) == 429


@pytest.mark.parametrize(
    ("peer", "trusted", "forwarded", "limited"),
    [
        ("127.0.0.1", "", "198.51.100.{n}", False),  # many guests behind this machine
        ("127.0.0.1", "", "198.51.100.1", True),  # one guest behind it
        ("10.0.0.2", "10.0.0.0/8", "198.51.100.{n}, 10.0.0.9", False),  # two proxies, many guests
        ("203.0.113.9", "10.0.0.0/8", "198.51.100.{n}", True),  # nobody's proxy: what it claims does not count
        ("10.0.0.2", "10.0.0.0/8", "198.51.100.{n}, 203.0.113.4", True),  # the last address that no proxy of ours has
        ("2001:db8::{n}", "", "", True),  # one household's /64
        ("10.0.0.2", "10.0.0.0/8", "not an address {n}", True),
    ],
)
async def test_the_address_is_the_one_that_a_trusted_proxy_names(
    opened: Opener, peer: str, trusted: str, forwarded: str, limited: bool
) -> None:
    """X-Forwarded-For is believed as far as trusted proxies wrote it."""
    last = 0
    async with opened(peer.format(n=1), trusted_proxies=trusted) as api:
        for n in range(1, 103):
            headers = {"X-Forwarded-For": forwarded.format(n=n)} if forwarded else {}
            last = (await api.get(f"{API}/hotels/nowhere", headers=headers)).status_code
    assert last == (429 if limited else 404)


async def _last_of(api: object, times: int) -> int:
    """The status of the last of so many equal requests."""
    status = 0
    for _ in range(times):
        status = (await api.get(f"{API}/hotels/nowhere")).status_code  # type: ignore[attr-defined]
    return status
