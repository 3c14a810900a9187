"""What the proof of a deploy is made of: bookings in every open state, somebody who acts, and what to look at."""

import secrets
import threading
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx
from psycopg.rows import dict_row
from temporalio.api.enums.v1 import EventType, WorkflowTaskFailedCause
from temporalio.client import Client

from cli.bookings_move import build_of
from cli.processes import wait_until
from messages.names import workflow_id
from tests.story.world import connect
from tests.whole.crowd import kochi_day
from tests.whole.test_up import Person

PHONE = "+919847000000"
KINDS = (
    "option", "pending", "pending, clock moved", "confirmed", "confirmed, room", "confirmed, clock moved",
    "confirmed, change asked for", "in the house", "left, clock moved", "one of two in the house",
)  # fmt: skip
_IN_TURN = ("held", "pending", "pending", *["confirmed"] * 4, "checked_in", "checked_out", "checked_in")
STATUSES = dict(zip(KINDS, _IN_TURN, strict=True))
ACTED_ON = ("confirmed", "confirmed, room", "in the house")
WHY = {"reason": "As the guest asked."}
FAILED = EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED
# News that came while a task was ending: the server begins the task again, with them.
NEWS_CAME = WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND


@dataclass
class Made:
    """A booking in one of the open states."""

    kind: str
    reference: str
    version: int
    token: str
    paid: int = 0


def make(desk: Person, kind: str, number: int) -> Made:
    """Brings a booking into a state, over HTTP alone."""
    today = kind in KINDS[-3:]
    arrival = kochi_day(0 if today else 20 + number)
    # Five of a kind have room enough today: one type each for those who come alone, two for those who come in pairs.
    types = ("HARBOUR", "FAMILY") if kind == KINDS[-1] else ("COURT",)
    rooms = [{"room_type": name, "rate_plan": "FLEX", "arrival": str(arrival),
              "departure": str(arrival + timedelta(days=2)), "adults": 2} for name in types]  # fmt: skip
    body = {
        "offers": rooms, "source": "phone", "override_restrictions": True, **WHY,
        "guest": {"name": "A Guest", "phone": PHONE}, "option": kind == "option", "pending": kind.startswith("pending"),
    }  # fmt: skip
    answer = httpx.post(f"{desk.base}/desk/bookings", json=body, timeout=30,
                        headers={**desk.headers, "Idempotency-Key": secrets.token_hex(8)})  # fmt: skip
    assert answer.status_code == 201, (kind, answer.text)
    told = answer.json()
    made = Made(kind, told["reference"], told["version"], told["access_token"])

    def act(path: str, **more: Any) -> dict[str, Any]:
        told = desk.post(f"/desk/bookings/{made.reference}/{path}", {"version": made.version, **more})
        made.version = told["version"]
        return told

    def later(key: str, hours: int) -> str:
        seen = desk.get(f"/desk/bookings/{made.reference}")
        at = next(entry["at"] for entry in seen["agenda"] if entry["key"] == key)
        return (datetime.fromisoformat(at) + timedelta(hours=hours)).isoformat()

    match kind:
        case "pending, clock moved":
            act("clocks/approval_deadline", at=later("approval_deadline", 5), **WHY)
        case "confirmed, room":
            act("assign-room")
        case "confirmed, clock moved":
            act("clocks/no_show-1", at=later("no_show-1", 3), **WHY)
        case "confirmed, change asked for":
            guest = Person(desk.base.removesuffix("/api/v1"))
            guest.carry(made.token)
            wish = {"version": made.version, "text": "A cot, please."}
            made.version = guest.post(f"/bookings/{made.reference}/change-requests", wish, 201)["version"]
        case "in the house" | "left, clock moved" | "one of two in the house":
            act("assign-room", **({"stays": [1]} if kind == KINDS[-1] else {}))
            act("check-in", **({"stays": [1]} if kind == KINDS[-1] else {}))
            if kind == "left, clock moved":
                act("check-out", **WHY)
                act("clocks/close", at=later("close", 48), **WHY)
                _wait_for_the_letter(desk, made)
    return made


def _wait_for_the_letter(desk: Person, made: Made) -> None:
    """How it was is asked within moments; the clocks that are left then stay as they are."""

    def asked() -> bool:
        agenda = desk.get(f"/desk/bookings/{made.reference}")["agenda"]
        return "feedback" not in [entry["key"] for entry in agenda]

    assert wait_until(asked, 120, every=0.3)


@dataclass
class Cashier(threading.Thread):
    """Takes small payments one after another, each repeated with its key until it is answered with a yes.

    serving: set while the stack says it is ready; only then has it to answer at all.
    """

    desk: Person
    bookings: list[Made]
    serving: threading.Event = field(default_factory=threading.Event)
    done: threading.Event = field(default_factory=threading.Event)
    answers: dict[int, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    away: int = 0

    def __post_init__(self) -> None:
        super().__init__(daemon=True)

    def __hash__(self) -> int:
        return id(self)

    def run(self) -> None:
        turn = 0
        while not self.done.is_set():
            self._take(self.bookings[turn % len(self.bookings)])
            turn += 1
            time.sleep(0.2)

    def _take(self, made: Made) -> None:
        body = {"version": made.version, "method": "cash", "amount": {"amount_minor": 100, "currency": "INR"}}
        headers = {**self.desk.headers, "Idempotency-Key": secrets.token_hex(8)}
        address = f"{self.desk.base}/desk/bookings/{made.reference}/payments"
        while True:
            served = self.serving.is_set()
            try:
                answer = httpx.post(address, json=body, headers=headers, timeout=30)
            except httpx.TransportError as gone:
                self.away += 1
                if served and self.serving.is_set():
                    self.wrong.append(f"{made.reference}: {gone!r}")
                time.sleep(0.3)
                continue
            self.answers[answer.status_code] = self.answers.get(answer.status_code, 0) + 1
            if answer.is_success:
                made.version, made.paid = answer.json()["version"], made.paid + 100
                return
            if answer.status_code != 503 or "Retry-After" not in answer.headers:
                self.wrong.append(f"{made.kind}: {answer.status_code} {answer.text}")
                return
            time.sleep(0.3)


def rows(owner_url: str) -> dict[str, dict[str, Any]]:
    """Every booking's row with its stays, as readers see them."""
    with connect(owner_url) as db:
        cursor = db.cursor(row_factory=dict_row)
        found = {row["reference"]: row for row in cursor.execute("SELECT * FROM bookings").fetchall()}
        for stay in cursor.execute("SELECT * FROM stays ORDER BY stay").fetchall():
            found[stay["reference"]][f"stay {stay['stay']}"] = stay
    return found


def same(before: dict[str, Any], after: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """What differs of a row, in what it had before."""
    return {
        name: (value, after.get(name))
        for name, value in before.items()
        if (same(value, after[name]) if isinstance(value, dict) and name.startswith("stay ") else value != after[name])
    }


async def builds(client: Client, bookings: list[Made]) -> dict[str, str]:
    """The build that each booking is on."""
    return {
        made.reference: build_of(await client.get_workflow_handle(workflow_id(made.reference)).describe())
        for made in bookings
    }


async def faults(client: Client) -> list[str]:
    """Workflow tasks of any run of any booking that failed, with their cause; and what the server reports itself."""
    found = [f"{run.id}: reported" async for run in client.list_workflows("TemporalReportedProblems IS NOT NULL")]
    async for run in client.list_workflows("WorkflowType = 'BookingWorkflow'"):
        history = await client.get_workflow_handle(run.id, run_id=run.run_id).fetch_history()
        for event in history.events:
            cause = event.workflow_task_failed_event_attributes.cause
            if event.event_type == FAILED and cause != NEWS_CAME:
                found.append(f"{run.id}: {WorkflowTaskFailedCause.Name(cause)}")
    return found
