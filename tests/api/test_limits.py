"""How often one address may ask."""

import pytest

from tests.api.conftest import Opener
from tests.api.world import API, PASSWORD, Desk, bearer, problem

WRONG = {"email": "frontdesk@malabar.example", "password": "wrong"}


async def test_an_address_may_try_ten_logins_in_a_quarter_of_an_hour(opened: Opener) -> None:
    """The eleventh is told how long to wait, right password or not."""
    async with opened("203.0.113.7") as api:
        for _ in range(10):
            problem(await api.post(f"{API}/auth/login", json=WRONG), 401, "login_refused")
        answer = await api.post(f"{API}/auth/login", json={**WRONG, "password": PASSWORD})
        told = problem(answer, 429, "too_many_requests")
        assert 0 < int(answer.headers["Retry-After"]) == told["retry_after"] <= 15 * 60


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
