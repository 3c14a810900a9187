"""What the mail provider tells: who may, what is kept, and what is shown of it."""

import base64

import pytest
from httpx import AsyncClient
from prometheus_client import REGISTRY
from pydantic import SecretStr

from config.settings import Settings
from store.session import Database
from tests.api.conftest import Opener
from tests.api.post import HOOK, bounce, letters_of, news, send_all, tell
from tests.api.world import Desk, Guests, problem

DELIVERED = {"DeliveredAt": "2026-12-01T09:29:58Z"}


def counted(kind: str, state: str) -> float:
    """How often the metric counted this."""
    return REGISTRY.get_sample_value("holdfast_notices_total", {"kind": kind, "state": state}) or 0.0


async def test_a_delivery_is_noted_once_counted_and_shown(
    guests: Guests, desk: Desk, worker: None, database: Database, settings: Settings
) -> None:
    made = await guests.booked()
    await send_all(database)
    [letter, _] = await letters_of(database, made)
    before = counted("received", "delivered")
    assert (await tell(guests.api, settings, news(letter, "Delivery", **DELIVERED))).json() == {"outcome": "noted"}
    assert (await tell(guests.api, settings, news(letter, "Delivery", **DELIVERED))).json() == {"outcome": "ignored"}
    assert counted("received", "delivered") == before + 1
    opened = news(letter, "Open", ReceivedAt="2026-12-01T10:00:00Z", FirstOpen=True)
    assert (await tell(guests.api, settings, opened)).json() == {"outcome": "noted"}
    entry = await shown(desk, made["reference"], letter.notice_id)
    assert entry["sentence"] == (
        "The letter “request received” was delivered to the guest. It was opened Tue 1 Dec 2026, 15:30 (IST)."
    )
    assert (entry["difference"]["delivery"], entry["difference"]["state"]) == ("delivered", "sent")


async def shown(desk: Desk, reference: str, notice_id: int) -> dict:
    """The letter on the booking's timeline."""
    story = await desk.see(f"bookings/{reference}/timeline")
    [entry] = [one for one in story["items"] if one["difference"].get("notice_id") == notice_id]
    return entry


async def test_a_bounce_waits_for_a_person_and_repeats_no_address(
    guests: Guests, desk: Desk, worker: None, database: Database, settings: Settings
) -> None:
    made = await guests.booked()
    await send_all(database)
    [letter, _] = await letters_of(database, made)
    for outcome in ("noted", "ignored"):
        answer = await tell(guests.api, settings, bounce(letter))
        assert (answer.status_code, answer.json()) == (200, {"outcome": outcome})
    entry = await shown(desk, made["reference"], letter.notice_id)
    assert entry["sentence"] == "The letter “request received” to the guest came back."
    assert entry["reason"] == "Bounced: Hard bounce: The mailbox (address) does not exist."
    [item] = [one for one in (await desk.see("attention"))["items"] if one["reference"] == made["reference"]]
    assert item["sentence"] == (
        "The letter “request received” to the guest came back. "
        "Bounced: Hard bounce: The mailbox (address) does not exist."
    )
    assert item["links"]["booking"].endswith(f"/desk/bookings/{made['reference']}")


@pytest.mark.parametrize("kind", ["Transient", "AutoResponder", "Subscribe"])
async def test_a_letter_that_is_only_late_or_answered_by_a_machine_has_not_bounced(
    guests: Guests, worker: None, database: Database, settings: Settings, kind: str
) -> None:
    made = await guests.booked()
    await send_all(database)
    [letter, _] = await letters_of(database, made)
    answer = await tell(guests.api, settings, {**bounce(letter), "Type": kind})
    assert answer.json() == {"outcome": "ignored"}
    assert (await letters_of(database, made))[0].state == "sent"


@pytest.mark.parametrize(
    "strange",
    [
        {"RecordType": "Click"},
        {"RecordType": "Delivery"},
        {"RecordType": "Delivery", "MessageID": "id", "Metadata": {"another": "system"}},
        {
            "RecordType": "Bounce",
            "MessageID": "id",
            "Metadata": {"holdfast_notice": "999999.1", "holdfast_booking": "MLB-20261215-7Q4K2M"},
        },
        {
            "RecordType": "Delivery",
            "MessageID": "id",
            "Metadata": {"holdfast_notice": "99999999999999999999.1", "holdfast_booking": "MLB-20261215-7Q4K2M"},
        },
        {
            "RecordType": "Delivery",
            "MessageID": "id",
            "Metadata": {"holdfast_notice": ["3.1"], "holdfast_booking": {"a": 1}},
        },
    ],
)
async def test_news_that_is_not_ours_is_heard_and_ignored(api: AsyncClient, settings: Settings, strange: dict) -> None:
    answer = await tell(api, settings, strange)
    assert (answer.status_code, answer.json()) == (200, {"outcome": "ignored"})


@pytest.mark.parametrize(
    "malformed",
    [
        {},
        {"RecordType": 5},
        {"RecordType": "Delivery", "DeliveredAt": "yesterday"},
        {"RecordType": "Delivery", "DeliveredAt": "2026-12-01T09:29:58"},
        {"RecordType": "Delivery", "Metadata": "none"},
        {"RecordType": "Delivery", "MessageID": "x" * 101},
        [],
    ],
)
async def test_what_cannot_be_read_is_refused(api: AsyncClient, settings: Settings, malformed: object) -> None:
    answer = await api.post(HOOK, json=malformed, auth=("postmark", settings.mail_webhook_secret))
    problem(answer, 400, "invalid_request")


async def test_without_the_secret_nobody_is_heard_and_the_body_is_not_read(
    api: AsyncClient, settings: Settings
) -> None:
    secret = settings.mail_webhook_secret
    wrong = [
        {},
        {"Authorization": f"Bearer {secret}"},
        {"Authorization": "Basic !!!"},
        {"Authorization": "Basic " + base64.b64encode(b"\xff\xfe").decode()},
        {"Authorization": "Basic " + base64.b64encode(secret.encode()).decode()},
        {"Authorization": "Basic " + base64.b64encode(b"postmark:wrong").decode()},
        {"X-Webhook-Secret": secret[:-1]},
        {"X-Webhook-Secret": "ü".encode("latin-1").decode("latin-1")},
    ]
    for headers in wrong:
        answer = await api.post(
            HOOK, content=b"{", headers=[(k.encode(), v.encode("latin-1")) for k, v in headers.items()]
        )
        problem(answer, 401, "webhook_refused")
        assert answer.headers["www-authenticate"].startswith("Basic")


async def test_the_secret_may_come_in_a_header_of_its_own(api: AsyncClient, settings: Settings) -> None:
    headers = {"X-Webhook-Secret": settings.mail_webhook_secret}
    assert (await api.post(HOOK, json={"RecordType": "Click"}, headers=headers)).status_code == 200


async def test_a_secret_that_was_set_counts_and_the_derived_one_does_not(opened: Opener, settings: Settings) -> None:
    async with opened(postmark_webhook_secret=SecretStr("our own")) as api:
        for password, status in (("our own", 200), (settings.mail_webhook_secret, 401)):
            answer = await api.post(HOOK, json={"RecordType": "Click"}, auth=("any", password))
            assert answer.status_code == status


async def test_a_body_that_is_too_large_is_not_read(api: AsyncClient, settings: Settings) -> None:
    body = {"RecordType": "Bounce", "Content": "x" * 70_000}
    problem(await api.post(HOOK, json=body, auth=("postmark", settings.mail_webhook_secret)), 413, "body_too_large")


async def test_news_that_comes_before_the_letter_was_written_down_counts(
    guests: Guests, worker: None, database: Database, settings: Settings
) -> None:
    made = await guests.booked()
    [letter, _] = await letters_of(database, made)
    answer = await tell(guests.api, settings, news(letter, "Delivery", **DELIVERED))
    assert answer.json() == {"outcome": "ignored"}, "nobody has claimed it yet"
