"""What drives a booking's story: waiting for news, writing steps, renewing the run, closing the doors."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from temporalio import workflow
from temporalio.common import RetryPolicy, SearchAttributeUpdate
from temporalio.exceptions import FailureError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.bookings import BookingActivities
    from domain.agenda import Entry, agenda, due, next_alarm
    from domain.booking import Actor, Booking, Status
    from domain.clocks import local_text
    from domain.ledgers import totals_of
    from domain.refusals import Refused, conflict
    from domain.settling import money_is_open
    from domain.steps import Step, remember
    from domain.waiting import waiting_for
    from messages.bookings import Asked, BookingStart, Cancel, Opened, Resume, Rezone, StepTaken, TakeStep
    from messages.names import BOOKING_STATUS, NEEDS_ATTENTION
    from messages.payments import MoneyTold
    from workflows.notes import Note
    from workflows.teller import Teller, Word

Result = TypeVar("Result")

# A write is quick or in trouble. Quick ones run inside the workflow task; after three tries the same activity is
# scheduled as a regular one without end, which operations can see in the UI and which outlives any outage.
QUICK_START_TO_CLOSE = timedelta(seconds=5)
QUICK_SCHEDULE_TO_CLOSE = timedelta(seconds=8)
QUICK_RETRIES = RetryPolicy(initial_interval=timedelta(milliseconds=200), maximum_attempts=3)
PATIENT_START_TO_CLOSE = timedelta(seconds=10)
PATIENT_RETRIES = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=60))


@dataclass(frozen=True)
class Due:
    """Clocks of the agenda whose moment has come."""

    entries: tuple[Entry, ...]


class Engine(Teller):
    """The machinery under the story. Only `run()` and what it calls changes the booking."""

    def __init__(self) -> None:
        super().__init__()
        self._alarm_at: datetime | None = None
        self._alarm: asyncio.Task[None] | None = None
        self._operator_cancelled = False

    @property
    def live(self) -> Booking:
        """The booking, once it is open."""
        if self.booking is None:
            raise RuntimeError("The booking is not open yet.")
        return self.booking

    def now_is(self, *statuses: Status) -> bool:
        """Whether the booking is in one of these statuses."""
        return self.live.status in statuses

    def step_id(self, seq: int) -> str:
        """The name of a step: a retry after a commit is known by it, and so is another run's step."""
        return f"{workflow.info().run_id}:{seq}"

    async def news(self) -> Note | Due | Rezone | Word | None:
        """The only place that waits: for a note from a door, the provider's word, or the agenda's first clock.

        People's notes come first, then money, then clocks. None: the story has ended and nothing is left to do.
        """
        while True:
            if self.notes:
                return self.notes.popleft()
            if self.rezone and not self.live.status.ended:
                correction, self.rezone = self.rezone, None
                return correction
            word = self.heard()
            if word is not None:
                return word
            if self.renewal_asked or workflow.info().is_continue_as_new_suggested():
                await self.go_on_afresh()
            entries = agenda(self.live)
            self.ask_provider(self.live, entries, workflow.now())
            own = tuple(entry for entry in entries if not self.is_being_asked(entry))
            ringing = due(own, workflow.now())
            if ringing:
                return Due(ringing)
            if self.is_at_rest():
                return None
            self._set_alarm(next_alarm(own))
            await self._wait_for_news()

    @workflow.query
    def money(self) -> MoneyTold:
        """The booking's own sums, for who compares them with the provider's and with the rows."""
        return MoneyTold(totals_of(self.booking) if self.booking else None)

    def is_at_rest(self) -> bool:
        """Whether the story has ended, everybody is answered, and the provider has nothing to do for it any more."""
        ended = self.live.status.ended and not self.notes and not self.is_asking()
        return ended and not money_is_open(self.live) and workflow.all_handlers_finished()

    async def _wait_for_news(self) -> None:
        try:
            await workflow.wait_condition(
                lambda: (
                    bool(self.notes)
                    or self._alarm_rang()
                    or self.has_heard()
                    or self.is_at_rest()
                    or self.renewal_asked
                    or self._operator_cancelled
                    or (self.rezone is not None and not self.live.status.ended)
                )
            )
        except asyncio.CancelledError:
            self._operator_cancelled = True
        if self._operator_cancelled:
            # Cancelling in Temporal's own UI means "cancelled by operator", with everything that belongs to it.
            self._operator_cancelled = False
            asked = Asked(f"operator-{self.live.seq}", "", Actor("operator"), "operations")
            self.notes.append(Note(Cancel(asked)))

    def _set_alarm(self, entry: Entry | None) -> None:
        """Keeps the running timer while its moment is unchanged, and replaces it otherwise."""
        at = entry.at if entry else None
        if at == self._alarm_at and self._alarm and not self._alarm.done():
            return
        if self._alarm and not self._alarm.done():
            self._alarm.cancel()
        self._alarm_at, self._alarm = at, None
        if entry and at:
            summary = f"{entry.what}: {local_text(at, self.live.terms.zone)}"
            self._alarm = asyncio.create_task(workflow.sleep(at - workflow.now(), summary=summary))

    def _alarm_rang(self) -> bool:
        return self._alarm is not None and self._alarm.done()

    async def write(self, step: Step, key: str = "", body_hash: str = "") -> StepTaken:
        """One step, one transaction; the booking becomes what was written, and nothing else.

        A step that was written by a try whose answer was lost is what it was then, not what would be written now. A
        night that a clock adds costs what its taxes come to, which only the rows know.
        """
        step = remember(step, key)
        message = TakeStep(step, self.step_id(step.after.seq), key, body_hash)
        taken = await self.surely(BookingActivities.take_step, message)
        if taken.outcome == "done":
            self.became(taken.booking or step.after)
        return taken

    def became(self, booking: Booking) -> None:
        """The new state, also shown where operations look. No person is named there."""
        self.booking = booking
        known = workflow.info().typed_search_attributes
        changes: list[SearchAttributeUpdate[Any]] = []
        if known.get(BOOKING_STATUS) != booking.status.value:
            changes.append(BOOKING_STATUS.value_set(booking.status.value))
        if bool(known.get(NEEDS_ATTENTION)) != bool(booking.attention):
            changes.append(NEEDS_ATTENTION.value_set(bool(booking.attention)))
        if changes:
            workflow.upsert_search_attributes(changes)
        workflow.set_current_details(details(booking))

    async def surely(self, activity: Callable[..., Coroutine[Any, Any, Result]], message: object) -> Result:
        """Runs a store activity to its end, whatever happens: an operator's cancel waits until it is written."""
        task = asyncio.create_task(self._quick_then_patient(activity, message))
        while not task.done():
            try:
                await asyncio.shield(task)
            except asyncio.CancelledError:
                self._operator_cancelled = True
        return task.result()

    async def _quick_then_patient(
        self, activity: Callable[..., Coroutine[Any, Any, Result]], message: object
    ) -> Result:
        try:
            return await workflow.execute_local_activity(
                activity,
                message,
                start_to_close_timeout=QUICK_START_TO_CLOSE,
                schedule_to_close_timeout=QUICK_SCHEDULE_TO_CLOSE,
                retry_policy=QUICK_RETRIES,
            )
        except FailureError as failure:
            if is_cancelled_exception(failure):
                raise
        # The database can't be told of its own absence, so operations is told here, and the sweeper finds it here.
        workflow.upsert_search_attributes([NEEDS_ATTENTION.value_set(True)])
        result = await workflow.execute_activity(
            activity,
            message,
            start_to_close_timeout=PATIENT_START_TO_CLOSE,
            retry_policy=PATIENT_RETRIES,
            summary="The database did not answer; this is tried until it does",
        )
        workflow.upsert_search_attributes([NEEDS_ATTENTION.value_set(bool(self.booking and self.booking.attention))])
        return result

    async def resume(self, resume: Resume) -> bool:
        """Takes the story up from its row, and not before the clock of the run that wrote it."""
        booking = await self.surely(BookingActivities.load_booking, resume)
        if booking is None:
            self.opening_answer = Opened("not_opened", resume.reference)
            return False
        if booking.last_instant > workflow.now():
            wait = booking.last_instant - workflow.now()
            await workflow.sleep(wait, summary="Waiting for the clock of the run before")
        self.became(booking)
        if resume.hint is not None:
            self.money_news(resume.hint)
        self.opening_answer = Opened("opened", booking.reference)
        return True

    async def go_on_afresh(self) -> None:
        """Goes on in a fresh run, on the newest build, from the row; every visitor is answered first."""
        self.let_all_go()
        while self.notes:
            self.notes.popleft().refuse(moved_on())
        await workflow.wait_condition(workflow.all_handlers_finished)
        workflow.continue_as_new(
            BookingStart(resume=Resume(self.live.hotel_id, self.live.reference, self.hints_left())),
            initial_versioning_behavior=workflow.ContinueAsNewVersioningBehavior.AUTO_UPGRADE,
        )


def moved_on() -> Refused:
    """The refusal for a command that another run has overtaken."""
    return conflict("version_conflict", "The booking was changed elsewhere; look at it again.", "version")


def details(booking: Booking) -> str:
    """The agenda as operations read it in Temporal's UI; markdown, hotel-local times, no person."""
    zone = booking.terms.zone
    lines = [f"**{booking.status.value}**: {waiting_for(booking)}", ""]
    for entry in agenda(booking):
        who = f"policy {entry.set_by.policy_version}" if entry.set_by.kind == "policy" else entry.set_by.role
        lines.append(f"- {local_text(entry.at, zone)}: {entry.what}. {entry.consequence} (set by {who})")
    if booking.attention:
        lines.append(f"\n**Needs attention**: {booking.attention}")
    return "\n".join(lines)
