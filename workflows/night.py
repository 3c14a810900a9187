"""A hotel's night: at its audit the day's nights are posted, and the three ledgers of its money are compared.

Rule: docs/rules/reconciliation.md. One story for each hotel, without end. It holds nothing of its own: which day is due
is read from the hotel's rows before each wait, so that another zone or audit time counts from the next hour on, and a
story that was lost goes on where the rows stand.
"""

from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.night import NightActivities
    from messages.night import (
        BeginRun,
        ComparePage,
        FinishRun,
        NightAsk,
        NightEnd,
        NightPlan,
        NightStart,
        PostNights,
        ReadPage,
        Run,
        RunNow,
        SweepLines,
    )

# So often the terms are read anew, and a newer build is looked for.
LOOK_AGAIN = timedelta(hours=1)
LONGEST_HISTORY = 4_000
# Of one list of the provider's, a hundred objects each. More than that is not compared in one run.
MOST_PAGES = 300
MOST_COMPARED = 2_000
# A thousand lines each. What is left over goes on the next nights.
MOST_SWEEPS = 100

TOO_MUCH = "The payment provider has more than one comparing reads; nothing was closed."
AWAY = "The payment provider, or the database, did not answer for six hours."

# The database is asked without end, since without it there is nothing to do. The provider is asked for six hours: then
# the run ends as failed, and the next night looks at the same money again.
_PATIENT = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=60))
_BOUNDED = RetryPolicy(initial_interval=timedelta(seconds=2), maximum_interval=timedelta(minutes=5))
PROVIDER_MAY_TAKE = timedelta(hours=6)
CALLS: dict[str, dict[str, Any]] = {
    "plan": {"start_to_close_timeout": timedelta(seconds=20), "retry_policy": _PATIENT},
    "post": {"start_to_close_timeout": timedelta(seconds=60), "retry_policy": _PATIENT},
    "begin": {"start_to_close_timeout": timedelta(seconds=20), "retry_policy": _PATIENT},
    "end": {"start_to_close_timeout": timedelta(seconds=60), "retry_policy": _PATIENT},
    "sweep": {
        "start_to_close_timeout": timedelta(seconds=60),
        "schedule_to_close_timeout": timedelta(minutes=30),
        "retry_policy": _PATIENT,
    },
    "read": {
        "start_to_close_timeout": timedelta(seconds=60),
        "schedule_to_close_timeout": PROVIDER_MAY_TAKE,
        "retry_policy": _BOUNDED,
    },
    "compare": {
        "start_to_close_timeout": timedelta(minutes=10),
        "heartbeat_timeout": timedelta(seconds=120),
        "schedule_to_close_timeout": PROVIDER_MAY_TAKE,
        "retry_policy": _BOUNDED,
    },
}


@workflow.defn(name="HotelNight")
class HotelNight:
    """Closes one hotel's days."""

    @workflow.init
    def __init__(self, start: NightStart) -> None:
        self._hotel_id = start.hotel_id
        self._slug = start.slug
        self._asked = False
        self._renewal_asked = False

    @workflow.run
    async def run(self, start: NightStart) -> NightEnd:
        """Comparings that people asked for, then the day that is due, then sleep."""
        while True:
            plan = await self._plan()
            if not plan.active:
                return NightEnd(start.slug)
            if plan.asked:
                await self._reconcile(BeginRun(self._hotel_id, workflow.now()))
                self._go_on_afresh()
            if workflow.now() >= plan.closes_at:
                await self._close(plan)
                self._go_on_afresh()
            await self._sleep(plan)
            if self._renewal_asked or self._is_outdated():
                self._go_on_afresh()

    @workflow.signal
    def run_now(self, asked: RunNow) -> None:
        """Somebody has asked for a comparing."""
        self._asked = True

    @workflow.signal
    def renew(self) -> None:
        """Go on in a fresh run, on the current build."""
        self._renewal_asked = True

    async def _plan(self) -> NightPlan:
        self._asked = False
        ask = NightAsk(self._hotel_id, workflow.now())
        return await workflow.execute_activity_method(NightActivities.plan, ask, summary="What is due", **CALLS["plan"])

    async def _sleep(self, plan: NightPlan) -> None:
        """Until the audit, and never longer than an hour without looking at the terms again."""
        self._tell(f"Closes {plan.business_date} at {plan.local_time}.")
        wait = min(plan.closes_at - workflow.now(), LOOK_AGAIN)
        try:
            await workflow.wait_condition(
                lambda: self._asked or self._renewal_asked,
                timeout=wait,
                timeout_summary=f"Closes {plan.business_date} at {plan.local_time}",
            )
        except TimeoutError:
            return

    async def _close(self, plan: NightPlan) -> None:
        """The nights of the day are posted before its money is compared."""
        self._tell(f"Posting the nights of {plan.business_date}.")
        posted, after = 0, ""
        while True:
            order = PostNights(self._hotel_id, plan.business_date, workflow.now(), after)
            done = await workflow.execute_activity_method(
                NightActivities.post, order, summary=f"Post the nights of {plan.business_date}", **CALLS["post"]
            )
            posted += done.lines
            if done.after is None:
                break
            after = done.after
        await self._reconcile(BeginRun(self._hotel_id, workflow.now(), plan.business_date, posted))
        await self._sweep()

    async def _reconcile(self, begin: BeginRun) -> None:
        """One comparing, from its lists to its end. What the provider does not answer ends it as failed."""
        run = await workflow.execute_activity_method(
            NightActivities.begin, begin, summary="Begin the comparing", **CALLS["begin"]
        )
        if run is None:
            return
        try:
            whole = await self._read(run)
            whole = await self._compare(run) and whole
            ending = FinishRun(run, workflow.now(), "done" if whole else "incomplete", "" if whole else TOO_MUCH)
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            workflow.logger.warning("The ledgers could not be compared: %s", type(error.cause).__name__)
            ending = FinishRun(run, workflow.now(), "failed", AWAY)
        self._tell(f"Ending the comparing of {run.business_date}.")
        await workflow.execute_activity_method(NightActivities.end, ending, summary="End the comparing", **CALLS["end"])

    async def _sweep(self) -> None:
        """Lines that are not kept any more go. Nobody waits for it: what can't be done is left to the next night."""
        self._tell("Taking old lines away.")
        try:
            for _ in range(MOST_SWEEPS):
                order = SweepLines(self._hotel_id, workflow.now())
                swept = await workflow.execute_activity_method(
                    NightActivities.sweep, order, summary="Take old lines away", **CALLS["sweep"]
                )
                if not swept.more:
                    return
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            workflow.logger.warning("Old lines could not be taken away: %s", type(error.cause).__name__)

    async def _read(self, run: Run) -> bool:
        """Keeps the provider's lists, page by page; False where one has more pages than a run may read."""
        whole = True
        for what in run.lists:
            self._tell(f"Reading the provider's {what} of {run.business_date}.")
            after = ""
            for _ in range(MOST_PAGES):
                order = ReadPage(run, what, workflow.now(), after)
                page = await workflow.execute_activity_method(
                    NightActivities.read, order, summary=f"Read a page of {what}", **CALLS["read"]
                )
                after = page.after
                if not after:
                    break
            whole = whole and not after
        return whole

    async def _compare(self, run: Run) -> bool:
        """Bookings first, then payments that are in none; False where there are more than a run may compare."""
        whole = True
        for strangers in (False, True):
            self._tell(f"Comparing {'payments of nobody' if strangers else 'bookings'} of {run.business_date}.")
            after = ""
            for _ in range(MOST_COMPARED):
                order = ComparePage(run, workflow.now(), after, strangers)
                page = await workflow.execute_activity_method(
                    NightActivities.compare, order, summary="Compare a page", **CALLS["compare"]
                )
                after = page.after
                if not after:
                    break
            whole = whole and not after
        return whole

    def _is_outdated(self) -> bool:
        info = workflow.info()
        is_long = info.get_current_history_length() >= LONGEST_HISTORY or info.is_continue_as_new_suggested()
        return is_long or info.is_target_worker_deployment_version_changed()

    def _go_on_afresh(self) -> None:
        """A new run after every piece of work, on the newest build; what was asked meanwhile stands in the rows."""
        workflow.continue_as_new(
            NightStart(self._hotel_id, self._slug),
            initial_versioning_behavior=workflow.ContinueAsNewVersioningBehavior.AUTO_UPGRADE,
        )

    def _tell(self, now_doing: str) -> None:
        """What people read in Temporal's UI."""
        workflow.set_current_details(now_doing)
