"""A hotel's notices: batches go out until the outbox is empty, and nothing is lost on the way.

Rule: docs/rules/notices.md. The outbox in Postgres is the truth; this story only carries batches from it to the mail
provider. It is woken by a ring, ends after a minute without work, and is started again by the next ring.
"""

from datetime import datetime, timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.notices import NoticeActivities
    from messages.notices import (
        BatchReport,
        ClaimedNotices,
        ClaimNotices,
        NoticeBatch,
        NoticesEnd,
        NoticesStart,
        Ring,
    )

IDLE = timedelta(seconds=60)
FIRST_REST = timedelta(seconds=15)
LONGEST_REST = timedelta(minutes=15)
LONGEST_HISTORY = 500

# Every call's limits. The outbox is asked without end, since without it there is nothing to do; the provider is asked
# once a call, because asking again needs a look-up first.
_OUTBOX = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=30))
_ONCE = RetryPolicy(maximum_attempts=1)
CALLS: dict[str, dict[str, Any]] = {
    "claim": {"start_to_close_timeout": timedelta(seconds=20), "retry_policy": _OUTBOX},
    "hold": {"start_to_close_timeout": timedelta(seconds=20), "retry_policy": _OUTBOX},
    "send": {
        "start_to_close_timeout": timedelta(seconds=180),
        "heartbeat_timeout": timedelta(seconds=15),
        "retry_policy": _ONCE,
    },
    "look_up": {
        "start_to_close_timeout": timedelta(seconds=180),
        "heartbeat_timeout": timedelta(seconds=15),
        "retry_policy": _ONCE,
    },
}


def rest_after(failures: int) -> timedelta:
    """How long nothing is tried after so many failures in a row: 15 s, 30 s, 1 min … 15 min."""
    return min(FIRST_REST * 2 ** min(failures - 1, 10), LONGEST_REST)


@workflow.defn(name="NoticesWorkflow")
class NoticesWorkflow:
    """Sends one hotel's notices."""

    @workflow.init
    def __init__(self, start: NoticesStart) -> None:
        self._hotel_id = start.hotel_id
        self._failures = start.failures
        self._rest_until = start.rest_until
        self._rung = False
        self._rounds = 0
        self._sent = 0

    @workflow.run
    async def run(self, start: NoticesStart) -> NoticesEnd:
        """Batch after batch; a pause after provider failures; the end after a minute without work."""
        while True:
            await self._rest()
            self._renew_if_long()
            self._rung = False
            claimed = await self._claim()
            await self._carry(claimed)
            settled = bool(claimed.to_send or claimed.ended)
            if self._rest_until is not None or claimed.unclear or (settled and claimed.more) or self._rung:
                continue
            if not await self._news(claimed.look_again_at):
                return NoticesEnd(self._sent)

    @workflow.signal
    def ring(self, ring: Ring) -> None:
        """There may be something to send."""
        self._rung = True

    async def _carry(self, claimed: ClaimedNotices) -> None:
        """Settles what was in doubt, then sends the batch. However much of it fails, it is one failure."""
        reports: list[BatchReport] = []
        if claimed.unclear:
            reports.append(await self._look_up(claimed.unclear))
        if claimed.to_send:
            reports.append(await self._send(claimed.to_send))
        self._sent += sum(report.sent for report in reports)
        self._rounds += 1
        trouble = next((report.trouble for report in reports if report.trouble), "")
        if trouble:
            self._failures += 1
            self._rest_until = workflow.now() + rest_after(self._failures)
            workflow.logger.warning("The mail provider failed: %s", trouble)
        elif reports:
            self._failures = 0

    async def _claim(self) -> ClaimedNotices:
        self._tell("Taking the next batch.")
        order = ClaimNotices(self._hotel_id, workflow.now())
        return await workflow.execute_activity_method(
            NoticeActivities.claim, order, summary="Take the next batch", **CALLS["claim"]
        )

    async def _send(self, notice_ids: tuple[int, ...]) -> BatchReport:
        self._tell(f"Sending {len(notice_ids)} letter(s).")
        batch = NoticeBatch(self._hotel_id, notice_ids, workflow.now())
        try:
            report = await workflow.execute_activity_method(
                NoticeActivities.send, batch, summary=f"Send {len(notice_ids)} letter(s)", **CALLS["send"]
            )
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            report = BatchReport(trouble="The sending did not come to an end.", unclear=True)
        if report.unclear:
            doubtful = NoticeBatch(self._hotel_id, notice_ids, workflow.now())
            await workflow.execute_activity_method(
                NoticeActivities.hold, doubtful, summary="Keep what is in doubt for a look-up", **CALLS["hold"]
            )
        return report

    async def _look_up(self, notice_ids: tuple[int, ...]) -> BatchReport:
        self._tell(f"Looking up {len(notice_ids)} letter(s) whose sending ended in doubt.")
        batch = NoticeBatch(self._hotel_id, notice_ids, workflow.now())
        try:
            return await workflow.execute_activity_method(
                NoticeActivities.look_up,
                batch,
                summary=f"Look up {len(notice_ids)} letter(s) at the provider",
                **CALLS["look_up"],
            )
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            return BatchReport(trouble="The look-up did not come to an end.")

    async def _rest(self) -> None:
        """Waits out a rest. Rings are noted, not followed; so many that the history grows long renew the run."""
        if self._rest_until is None:
            return
        left = self._rest_until - workflow.now()
        if left > timedelta(0):
            summary = f"Rest after {self._failures} failure(s) of the mail provider"
            self._tell(f"{summary}, until {self._rest_until:%Y-%m-%d %H:%M:%S}Z.")
            try:
                await workflow.wait_condition(self._is_long, timeout=left, timeout_summary=summary)
            except TimeoutError:
                pass
            else:
                self._renew_if_long()
        self._rest_until = None

    async def _news(self, look_again_at: datetime | None) -> bool:
        """Waits for a ring, or until something in doubt can be looked up; False after a minute with neither."""
        wait, then = IDLE, "end when nothing came"
        if look_again_at is not None:
            wait, then = max(look_again_at - workflow.now(), timedelta(seconds=1)), "look up what is in doubt"
        self._tell(f"Waiting for news until {workflow.now() + wait:%H:%M:%S}Z, then {then}.")
        try:
            await workflow.wait_condition(lambda: self._rung, timeout=wait, timeout_summary=then.capitalize())
        except TimeoutError:
            return self._rung or look_again_at is not None
        return True

    def _is_long(self) -> bool:
        info = workflow.info()
        return info.get_current_history_length() >= LONGEST_HISTORY or info.is_continue_as_new_suggested()

    def _renew_if_long(self) -> None:
        """Goes on in a new run, on the newest build, before the history grows heavy or once a newer build is current.

        For a newer build only after a round, so that every run does some work whatever the server says of builds.
        """
        newer = self._rounds > 0 and workflow.info().is_target_worker_deployment_version_changed()
        if not (newer or self._is_long()):
            return
        workflow.continue_as_new(
            NoticesStart(self._hotel_id, self._failures, self._rest_until),
            initial_versioning_behavior=workflow.ContinueAsNewVersioningBehavior.AUTO_UPGRADE,
        )

    def _tell(self, now_doing: str) -> None:
        """What people read in Temporal's UI."""
        workflow.set_current_details(f"{now_doing} Sent in this run: {self._sent}.")
