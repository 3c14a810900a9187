"""In which language a booker is written to, and how many unpaid holds somebody may have."""

import secrets

from httpx import Response

from tests.api.counter import made, wish
from tests.api.world import API, Body, Desk, Guests, problem
from tests.story.world import connect


async def test_letters_are_in_the_language_that_was_asked_for(
    guests: Guests, desk: Desk, worker: None, owner_url: str
) -> None:
    """The body's word, then Accept-Language, then the hotel's; at the desk the browser is not the guest's."""

    async def asked(body: Body, accept: str = "") -> str:
        headers = {"Accept-Language": accept} if accept else {}
        answer = await guests.api.post(f"{API}/bookings", json=body, headers=headers)
        assert answer.status_code == 201, answer.text
        return answer.json()["language"]

    body = await guests.wish()
    assert await asked(body) == "en"
    assert await asked(body, "fr-FR, pt-BR;q=0.9, en;q=0.8") == "pt"
    assert await asked({**body, "language": "en"}, "pt") == "en"
    with connect(owner_url) as db:
        db.execute("UPDATE hotels SET language = 'pt' WHERE slug = 'malabar'")
        try:
            assert await asked(body, "fr") == "pt"
            assert await asked(body, "en;q=0.1") == "en"
            assert (await made(desk, await wish(guests)))["language"] == "pt"
            assert (await made(desk, await wish(guests, language="en")))["language"] == "en"
        finally:
            db.execute("UPDATE hotels SET language = 'en' WHERE slug = 'malabar'")


async def test_a_guest_keeps_three_unpaid_holds_at_most(guests: Guests, worker: None, owner_url: str) -> None:
    """By e-mail or by device the next one waits; a repeated key still finds its booking; others are not held up."""
    mark = secrets.token_hex(4)
    body = await guests.wish()

    async def book(email: str, device: str, key: str = "") -> Response:
        wanted = {**body, "guest": {"name": "A Guest", "email": email}}
        headers = {"X-Device": device.ljust(16, "x"), "Idempotency-Key": key or secrets.token_hex(8)}
        return await guests.api.post(f"{API}/bookings", json=wanted, headers=headers)

    mine, key = (f"{mark}@example.com", f"device-{mark}"), secrets.token_hex(8)
    references = [(await book(*mine, key if n == 0 else "")).json()["reference"] for n in range(3)]
    assert (await book(*mine)).status_code == 201
    hold = "UPDATE bookings SET status = 'held' WHERE reference = ANY(%s)"
    with connect(owner_url) as db:
        db.execute(hold, [references])
        try:
            for email, device in (mine, (f"other-{mark}@example.com", mine[1]), (mine[0].upper(), f"other-{mark}")):
                answer = await book(email, device)
                told = problem(answer, 429, "too_many_holds")
                assert int(answer.headers["Retry-After"]) == told["retry_after"] > 0
            assert (await book(*mine, key)).json()["reference"] == references[0]
            assert (await book(f"other-{mark}@example.com", f"other-{mark}")).status_code == 201
            db.execute("UPDATE bookings SET status = 'pending' WHERE reference = %s", [references[2]])
            assert (await book(*mine)).status_code == 201
        finally:
            db.execute("UPDATE bookings SET status = 'pending' WHERE reference = ANY(%s)", [references])
