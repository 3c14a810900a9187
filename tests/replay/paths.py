"""Every path of a booking, each lived once so that its history can be kept. A path's name is the file it is kept in."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from temporalio.client import Client

from domain.folio import Charge
from domain.stay import StayDates
from domain.terms import ApprovalTerms, Confirmation
from messages.bookings import PostCharge
from tests.doubles.stripe_running import StripeDouble
from tests.replay.paying import PAYING
from tests.story.asking import AUTO, DAY, in_house, kochi
from tests.story.test_life import stay_in
from tests.story.world import DESK, GUEST, Life, build_house, connect, plan
from workflows.booking import BookingWorkflow

REASON = "Said at the desk."


@dataclass
class Stage:
    """Where lives are lived."""

    client: Client
    owner_url: str
    stripe: StripeDouble

    async def booked(self, days: int = 10, nights: int = 2, begin: dict[str, Any] | None = None, **house: Any) -> Life:
        """A booking that has been asked for. begin: how; **house: at which hotel."""
        made = build_house(self.owner_url, **house)
        life = Life(self.client, self.owner_url, made, stay_in(made, days, nights))
        await life.begin(**(begin or {}))
        return life

    async def option(self) -> Life:
        """An option that the desk holds for a day."""
        return await self.booked(begin={"actor": DESK, "option_until": datetime.now(UTC) + DAY})


async def requested_hosted_and_closed(stage: Stage) -> Life:
    life = await stage.booked(days=3)
    await life.approve()
    await life.assign("101")
    await in_house(life)
    await life.pay(20_000)
    await life.until(kochi(life.dates.departure, 10))
    await life.check_out()
    await life.until(await life.clock() + timedelta(hours=2))
    await life.reaches("completed")
    return life


async def booked_early_left_and_asked(stage: Stage) -> Life:
    life = await stage.booked(days=3, nights=4, feedback_after_seconds=60, **AUTO)
    await in_house(life)
    await life.check_out(reason=REASON)
    await life.until(await life.clock() + timedelta(seconds=61))
    await life.until(await life.clock() + timedelta(hours=2))
    await life.reaches("completed")
    return life


async def unanswered_reminded_and_expired(stage: Stage) -> Life:
    life = await stage.booked()
    for key in ("approval_alert_desk", "approval_alert_manager", "approval_deadline"):
        await life.until(life.agenda()[key])
    await life.reaches("expired")
    await life.reinstate(reason=REASON)
    await life.give_up(reason=REASON)
    return life


async def confirmed_by_the_hotels_rule(stage: Stage) -> Life:
    life = await stage.booked(approval=ApprovalTerms(at_end="approve"))
    await life.until(life.agenda()["approval_deadline"])
    await life.reaches("confirmed")
    await life.give_up(reason=REASON)
    return life


async def declined_and_taken_up_again(stage: Stage) -> Life:
    life = await stage.booked()
    await life.decline(reason=REASON)
    await life.reinstate(reason=REASON)
    await life.cancel(GUEST)
    return life


async def option_made_firm_and_cancelled(stage: Stage) -> Life:
    life = await stage.option()
    await life.move_clock("hold_expires", life.agenda()["hold_expires"] + timedelta(hours=3))
    await life.confirm()
    await life.cancel(DESK, reason=REASON)
    await life.reinstate(reason=REASON)
    return life


async def option_that_ends_twice(stage: Stage) -> Life:
    life = await stage.option()
    await life.until(life.agenda()["hold_expires"])
    await life.reaches("expired")
    await life.reinstate(reason=REASON)
    await life.cancel(DESK, reason=REASON)
    return life


async def option_given_up(stage: Stage) -> Life:
    life = await stage.option()
    await life.give_up(reason=REASON)
    return life


async def missed_late_and_in_after_all(stage: Stage) -> Life:
    life = await stage.booked(days=3, nights=4, **AUTO)
    third = life.dates.arrival + 2 * DAY
    await life.move_clock("no_show-1", kochi(third, 10))
    await life.until(kochi(third, 10))
    await life.reaches("no_show")
    await life.reinstate(reason=REASON)
    await life.assign("101")
    await life.check_in()
    return life


async def missed_at_the_audit(stage: Stage) -> Life:
    life = await stage.booked(days=3, **AUTO)
    await life.until(life.agenda()["no_show-1"])
    await life.reaches("no_show")
    await life.waive_fee(reason=REASON)
    return life


async def three_rooms_go_their_own_ways(stage: Stage) -> Life:
    life = await stage.booked(days=1, begin={"rooms": 3}, rooms=3, **AUTO)
    await life.assign("101")
    await life.until(kochi(life.dates.arrival, 16))
    await life.check_in(stays=(1,))
    await life.cancel(DESK, stays=(3,))
    await life.no_show(stays=(2,))
    await life.pay(40_000)
    await life.until(kochi(life.dates.departure, 10))
    await life.check_out()
    return life


async def amended_extended_and_its_clocks_moved(stage: Stage) -> Life:
    life = await stage.booked(**AUTO)
    await life.assign("101")
    await life.move_clock("no_show-1", life.agenda()["no_show-1"] + timedelta(hours=3))
    await life.move_clock("pre_arrival-1", life.agenda()["pre_arrival-1"] - timedelta(hours=3))
    await life.move_clock("pre_arrival-1", None)
    later = StayDates(life.dates.arrival + 2 * DAY, life.dates.departure + 2 * DAY)
    await life.amend(plan(life.house, 1, later))
    await life.extend(1, StayDates(later.arrival, later.departure + DAY))
    return life


async def overstayed_for_a_night(stage: Stage) -> Life:
    life = await stage.booked(days=0, nights=1, **AUTO)
    await life.assign("101")
    await life.check_in()
    await life.until(life.agenda()["overstay-1"])
    await life.reaches(4, "seq")
    await life.until(life.agenda()["overstay_night-1"])
    await life.reaches(5, "seq")
    await life.check_out(reason=REASON)
    return life


async def change_requests_of_every_ending(stage: Stage) -> Life:
    life = await stage.booked()
    await life.approve()
    longer = plan(life.house, 1, StayDates(life.dates.arrival, life.dates.departure + DAY))
    await life.ask_change(longer)
    await life.answer_change(1, "declined")
    await life.ask_change(longer)
    await life.answer_change(2, "withdrawn", actor=GUEST)
    await life.ask_change(longer)
    await life.until(life.agenda()["change_request-3"])
    await life.reaches(8, "seq")
    await life.ask_change(longer)
    await life.answer_change(4, "accepted", longer)
    return life


async def zone_corrected(stage: Stage) -> Life:
    life = await stage.booked()
    with connect(stage.owner_url) as db:
        db.execute(
            "INSERT INTO policy_versions SELECT hotel_id, 2, terms, created_at, created_by FROM policy_versions"
            " WHERE hotel_id = %s", [life.house.hotel_id],
        )  # fmt: skip
    await life.correct_zone("Europe/Lisbon")
    await life.reaches(2, "seq")
    return life


async def renewed_and_resumed_after_a_loss(stage: Stage) -> Life:
    life = await stage.booked(confirmation=Confirmation.MANUAL)
    await life.handle.signal(BookingWorkflow.renew)
    await life.approve()
    await life.handle.terminate("lost")
    await life.assign("101")
    return life


async def an_extra_posted_and_taken_back(stage: Stage) -> Life:
    life = await stage.booked(days=3, **AUTO)
    for charge in (Charge("TEA", "Tea", 400), Charge("TEA", "Tea", -400, reverses=1)):
        asked = life.asked(reason=REASON)
        await life.ask(BookingWorkflow.post_charge, PostCharge(asked, charge, life.house.terms.currency))
    return life


async def cancelled_by_an_operator(stage: Stage) -> Life:
    life = await stage.booked()
    await life.handle.cancel()
    await life.reaches("cancelled")
    return life


async def refused_in_a_full_house(stage: Stage) -> Life:
    life = await stage.booked(rooms=1)
    other = Life(stage.client, stage.owner_url, life.house, life.dates)
    await other.begin()
    return other


async def opened_too_late(stage: Stage) -> Life:
    return await stage.booked(begin={"late": True})


PATHS: dict[str, Callable[[Stage], Awaitable[Life]]] = {
    path.__name__: path
    for path in (
        requested_hosted_and_closed, booked_early_left_and_asked, unanswered_reminded_and_expired,
        confirmed_by_the_hotels_rule, declined_and_taken_up_again, option_made_firm_and_cancelled,
        option_that_ends_twice, option_given_up, missed_late_and_in_after_all, missed_at_the_audit,
        three_rooms_go_their_own_ways, amended_extended_and_its_clocks_moved, overstayed_for_a_night,
        change_requests_of_every_ending, zone_corrected, renewed_and_resumed_after_a_loss, cancelled_by_an_operator,
        refused_in_a_full_house, opened_too_late, an_extra_posted_and_taken_back, *PAYING,
    )
}  # fmt: skip
