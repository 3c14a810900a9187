"""The paths of a booking, lived through on a real Temporal server with time skipping and a real Postgres."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from temporalio.client import WorkflowUpdateFailedError

from domain.clocks import business_date, resolve
from domain.stay import StayDates
from domain.terms import Confirmation, Payment
from tests.story.world import House, Life, build_house, refusal

Live = Callable[[House, StayDates], Life]


def stay_in(house: House, days: int, nights: int = 2) -> StayDates:
    """A stay that begins so many hotel days from now."""
    arrival = business_date(datetime.now(UTC), house.terms.zone, house.terms.audit_time) + timedelta(days=days)
    return StayDates(arrival, arrival + timedelta(days=nights))


async def test_a_request_is_approved_hosted_paid_and_closed(live: Live, owner_url: str) -> None:
    """The path of a hotel with manual approval and payment at the desk, from the request to the closed books."""
    house = build_house(owner_url)
    life = live(house, stay_in(house, 30))
    assert (await life.begin()).outcome == "opened"
    row = life.row()
    assert (row["status"], row["payment_status"], row["version"]) == ("pending", "due", 1)
    assert [entry["key"] for entry in row["agenda"]][:3] == [
        "approval_alert_desk", "approval_alert_manager", "approval_deadline",
    ]  # fmt: skip
    assert life.counted() == [(night, 1, 0) for night in life.dates.nights]

    assert (await life.approve(version=1)).status == "confirmed"
    assert life.counted() == [(night, 0, 1) for night in life.dates.nights]
    await life.assign("101")
    await life.until(resolve(life.dates.arrival, house.terms.check_in_time, house.terms.zone))
    assert (await life.check_in()).status == "checked_in"
    await life.pay(20_000)
    assert life.row()["payment_status"] == "paid"
    await life.until(resolve(life.dates.departure, house.terms.check_out_time, house.terms.zone))
    assert (await life.check_out()).status == "checked_out"
    await life.until(await life.clock() + timedelta(seconds=house.terms.close_after_seconds))
    row = await life.reaches("completed")
    assert (row["balance_minor"], row["agenda"]) == (0, [])
    assert life.events() == [
        "requested", "approved", "room_assigned", "reminded", "checked_in", "payment_received", "checked_out",
        "completed",
    ]  # fmt: skip
    assert life.notices() == [
        "received", "new_request", "confirmed", "pre_arrival", "check_in", "check_out", "invoice",
    ]  # fmt: skip


async def test_a_stale_page_cannot_approve(live: Live, owner_url: str) -> None:
    """A command carries the version that was seen; a mismatch is refused and changes nothing."""
    house = build_house(owner_url)
    life = live(house, stay_in(house, 30))
    await life.begin()
    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await life.decline(version=7)
    assert refusal(refused.value) == "version_conflict"
    assert life.row()["status"] == "pending"


async def test_no_answer_expires_the_request_and_frees_the_room(live: Live, owner_url: str) -> None:
    """The approval deadline passes: expired, counted nowhere, and the guest is told."""
    house = build_house(owner_url)
    life = live(house, stay_in(house, 30))
    await life.begin()
    await life.until(life.row()["approval_deadline"])
    await life.reaches("expired")
    assert life.counted() == [(night, 0, 0) for night in life.dates.nights]
    assert life.notices()[-1] == "expired"


async def test_an_automatic_hotel_confirms_at_once(live: Live, owner_url: str) -> None:
    """Confirmation auto with payment none: confirmed in the opening's own transaction."""
    house = build_house(owner_url, confirmation=Confirmation.AUTO, payment=Payment.NONE)
    life = live(house, stay_in(house, 3))
    await life.begin()
    assert life.row()["status"] == "confirmed"
    assert life.events() == ["booked"]
