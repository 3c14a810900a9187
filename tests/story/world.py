"""A small world for stories: a hotel of one's own in any zone, signed offers, and a booking to live through."""

import asyncio
import secrets
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, LiteralString

import psycopg
from psycopg.rows import dict_row
from pydantic import TypeAdapter
from sqlalchemy.engine import make_url
from temporalio.client import (
    Client,
    WithStartWorkflowOperation,
    WorkflowHandle,
    WorkflowUpdateFailedError,
)
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.exceptions import ApplicationError
from temporalio.testing import TimeSkipper

from domain.booking import Actor
from domain.changes import PricedLine, StayPlan
from domain.quoting import NightLine, Quote
from domain.stay import StayDates
from domain.terms import Confirmation, HotelTerms, Payment, StayTerms
from messages.bookings import (
    Amend,
    Answer,
    AnswerChange,
    Approve,
    AskChange,
    Asked,
    AssignRoom,
    BookingStart,
    Cancel,
    CheckIn,
    CheckOut,
    Confirm,
    Decline,
    GiveUp,
    GuestDetails,
    MarkNoShow,
    MoveClock,
    OpenBooking,
    Opened,
    Reinstate,
    Resume,
    Rezone,
    RoomAsked,
    TakePayment,
    WaiveFee,
)
from messages.names import BOOKINGS_QUEUE, reference, workflow_id
from messages.offers import Offer, sign_offer
from tests.houses import superuser_url
from tests.story.insisting import insisting
from workflows.booking import BookingWorkflow

SECRET = "a secret for tests only"
GUEST = Actor("guest")
DESK = Actor("staff", "frontdesk", 1)
MANAGER = Actor("staff", "manager", 2)
NIGHT_MINOR = 10_000
# The API waits for fifteen seconds; here many guests may come at once, and the machine may be slow.
PATIENCE_SECONDS = 120


@dataclass
class House:
    """A hotel with one room type, made for one test. rooms: ids by number."""

    hotel_id: int
    code: str
    terms: HotelTerms
    stay: StayTerms
    rooms: dict[str, int] = field(default_factory=dict)


def connect(owner_url: str) -> psycopg.Connection[Any]:
    """A connection past row security, for arranging and looking; each statement commits by itself."""
    url = make_url(superuser_url(owner_url)).set(drivername="postgresql")
    return psycopg.connect(url.render_as_string(hide_password=False), autocommit=True)


def build_house(
    owner_url: str,
    given: psycopg.Connection[Any] | None = None,
    *,
    zone: str = "Asia/Kolkata",
    currency: str = "INR",
    payment: Payment = Payment.AT_HOTEL,
    confirmation: Confirmation = Confirmation.MANUAL,
    rooms: int = 2,
    first: date | None = None,
    nights: int = 500,
    stay: StayTerms | None = None,
    **terms: Any,
) -> House:
    """Inserts a hotel of its own, with rooms 101 and up, one plan and stock for `nights` from `first` (today).

    given: a connection that is open already; stay: the plan's terms; **terms: the hotel's.
    """
    code = "".join(secrets.choice("ABCDEFGHJKLMNPQRSTUVWXYZ") for _ in range(3))
    stay = stay or StayTerms(1, "flexible")
    own = HotelTerms(1, zone, currency, payment, confirmation, **terms)
    start = first or datetime.now(UTC).date() - timedelta(days=2)
    with nullcontext(given) if given else connect(owner_url) as db:
        while db.execute("SELECT 1 FROM hotels WHERE code = %s", [code]).fetchone():
            code = "".join(secrets.choice("ABCDEFGHJKLMNPQRSTUVWXYZ") for _ in range(3))
        row = db.execute(
            "INSERT INTO hotels (slug, code, name, city, country, address, phone, email, description, zone, currency,"
            " policy_version) VALUES (%s, %s, 'A House', 'A City', 'IN', 'A Street 1', '+91 484 000 0000',"
            " 'stay@house.example', '', %s, %s, 1) RETURNING hotel_id",
            [f"house-{code.lower()}", code, zone, currency],
        ).fetchone()
        assert row
        hotel_id = int(row[0])
        db.execute(
            "INSERT INTO policy_versions VALUES (%s, 1, %s, now(), 'test')",
            [hotel_id, TypeAdapter(HotelTerms).dump_json(own).decode()],
        )
        stay_terms = TypeAdapter(StayTerms).dump_json(stay).decode()
        db.execute("INSERT INTO stay_policies VALUES (%s, 1, 'flexible', %s, now())", [hotel_id, stay_terms])
        db.execute(
            "INSERT INTO room_types (hotel_id, room_type_id, code, name, description, base_guests, max_guests,"
            " max_adults, max_children) VALUES (%s, 1, 'DBL', 'Double room', '', 2, 3, 3, 2),"
            " (%s, 2, 'STE', 'Suite', '', 2, 3, 3, 2)",
            [hotel_id, hotel_id],
        )
        numbers = {str(101 + n): n + 1 for n in range(rooms)}
        for number, room_id in numbers.items():
            db.execute("INSERT INTO rooms (hotel_id, room_id, room_type_id, number) VALUES (%s, %s, 1, %s)",
                       [hotel_id, room_id, number])  # fmt: skip
        db.execute("INSERT INTO rooms (hotel_id, room_id, room_type_id, number) VALUES (%s, 900, 2, '900')", [hotel_id])
        db.execute(
            "INSERT INTO rate_plans (hotel_id, rate_plan_id, code, name, meal_plan, stay_policy_id)"
            " VALUES (%s, 1, 'FLEX', 'Flexible', 'room_only', 1)",
            [hotel_id],
        )
        db.execute("INSERT INTO rate_plan_room_types VALUES (%s, 1, 1)", [hotel_id])
        for room_type, physical in ((1, rooms), (2, 1)):
            db.execute(
                "INSERT INTO room_type_nights (hotel_id, room_type_id, night, physical)"
                " SELECT %s, %s, %s::date + n, %s FROM generate_series(0, %s) AS n",
                [hotel_id, room_type, start, physical, nights],
            )
    return House(hotel_id, code, own, stay, {**numbers, "900": 900})


def offer(house: House, dates: StayDates, **changes: Any) -> Offer:
    """A promise of 100.00 a night, good for half an hour."""
    nights = tuple(NightLine(night, NIGHT_MINOR) for night in dates.nights)
    quote = Quote(1, "DBL", "Double room", 1, "FLEX", "Flexible", "room_only", nights, (),
                  NIGHT_MINOR * len(nights), house.terms.currency, 1)  # fmt: skip
    expires = int((datetime.now(UTC) + timedelta(minutes=30)).timestamp())
    promised = Offer(
        house.hotel_id, dates.arrival.isoformat(), dates.departure.isoformat(), 2, (), 1, 1, expires, quote
    )
    return replace(promised, **changes)


def plan(house: House, number: int, dates: StayDates, room_type: int = 1, **prices: int) -> StayPlan:
    """What a stay becomes: every night at 100.00, or at the price named for its date (`d20270310=12_000`)."""
    lines = tuple(
        PricedLine("room", night, "ROOM", "Room", prices.get(f"d{night:%Y%m%d}", NIGHT_MINOR)) for night in dates.nights
    )
    return StayPlan(number, dates.arrival, dates.departure, room_type, 1, house.stay, 2, (), lines)


@dataclass
class Life:
    """One booking and the hands of everybody around it."""

    client: Client
    owner_url: str
    house: House
    dates: StayDates
    reference: str = ""
    db: psycopg.Connection[Any] | None = None

    @property
    def handle(self) -> WorkflowHandle[Any, Any]:
        """The booking's workflow, whichever run."""
        return self.client.get_workflow_handle(workflow_id(self.reference))

    async def begin(
        self, rooms: int = 1, key: str = "", late: bool = False, actor: Actor = GUEST, **more: Any
    ) -> Opened:
        """Asks for rooms; answers what the opening came to. late: nobody waits for it any more."""
        key = key or secrets.token_hex(8)
        self.reference = reference(SECRET, self.house.code, self.dates.arrival, key, 0)
        signed = sign_offer(SECRET, offer(self.house, self.dates))
        opening = OpenBooking(
            hotel_id=self.house.hotel_id,
            reference=self.reference,
            key=key,
            body_hash="hash",
            rooms=(RoomAsked(signed),) * rooms,
            guest=GuestDetails("A Guest", "guest@example.com", "+91 98470 00000", "IN"),
            open_before=datetime.now(UTC) + timedelta(seconds=-1 if late else PATIENCE_SECONDS),
            actor=actor,
            channel="web" if actor is GUEST else "desk",
            **more,
        )
        return await insisting(
            lambda: self.client.execute_update_with_start_workflow(
                "opened",
                start_workflow_operation=self._start(BookingStart(opening=opening)),
                id=f"{key}-late" if late else key,
                result_type=Opened,
            )
        )

    def _start(self, start: BookingStart) -> WithStartWorkflowOperation[Any, Any]:
        return WithStartWorkflowOperation(
            BookingWorkflow.run,
            start,
            id=workflow_id(self.reference),
            task_queue=BOOKINGS_QUEUE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        )

    async def ask(self, update: Any, command: Any, key: str = "") -> Answer:
        """Sends a command as the API does: update-with-start, resuming from the row where no run is open."""

        async def send() -> Answer:
            resume = self._start(BookingStart(resume=Resume(self.house.hotel_id, self.reference)))
            answer = asyncio.create_task(
                self.client.execute_update_with_start_workflow(
                    update, command, start_workflow_operation=resume, id=key or command.asked.key
                )
            )
            while not (await asyncio.wait([answer], timeout=0.2))[0]:
                await self._wakes()
            return await answer

        return await insisting(send)

    async def _wakes(self) -> None:
        """A run that begins after the end begins at the real time, and waits for the clock of the run before."""
        try:
            instant = self.row().get("last_instant")
        except psycopg.Error:
            return
        # A booking that never was has no row, however long its answer takes.
        if instant and instant > datetime.now(UTC) and await self.clock() < instant:
            # Read twice, because a reading that is wrong only once would put the clock far ahead of the story.
            await asyncio.sleep(0.1)
            await self.until(instant)

    def asked(self, actor: Actor = DESK, **more: Any) -> Asked:
        """What every command carries; the row is looked at before, as by the API."""
        if "seen" not in more:
            more["seen"] = self.row().get("seq", 0)
        return Asked(more.pop("key", secrets.token_hex(6)), more.pop("body_hash", "hash"), actor, "desk", **more)

    async def approve(self, **more: Any) -> Answer:
        """The hotel says yes."""
        return await self.ask(BookingWorkflow.approve, Approve(self.asked(**more)))

    async def decline(self, **more: Any) -> Answer:
        """The hotel says no."""
        return await self.ask(BookingWorkflow.decline, Decline(self.asked(**more)))

    async def confirm(self, **more: Any) -> Answer:
        """The desk makes an option firm."""
        return await self.ask(BookingWorkflow.confirm, Confirm(self.asked(**more)))

    async def cancel(self, actor: Actor = GUEST, waive: bool = False, fee: int | None = None, **more: Any) -> Answer:
        """Rooms are given up. fee: what a dry run told."""
        return await self.ask(BookingWorkflow.cancel, Cancel(self.asked(actor, **more), waive, fee))

    async def amend(
        self, *plans: StayPlan, actor: Actor = DESK, how: dict[str, Any] | None = None, **more: Any
    ) -> Answer:
        """Stays become what the plans say. how: what else the command carries."""
        return await self.ask(BookingWorkflow.amend, Amend(self.asked(actor, **more), plans, **(how or {})))

    async def extend(self, number: int, dates: StayDates, **more: Any) -> Answer:
        """A stay goes on for longer."""
        return await self.amend(plan(self.house, number, dates), how={"what": "extended"}, **more)

    async def reinstate(self, actor: Actor = DESK, oversell: bool = False, **more: Any) -> Answer:
        """What had ended is taken up again."""
        return await self.ask(BookingWorkflow.reinstate, Reinstate(self.asked(actor, **more), oversell))

    async def waive_fee(self, actor: Actor = MANAGER, **more: Any) -> Answer:
        """A fee is not asked for."""
        return await self.ask(BookingWorkflow.waive_fee, WaiveFee(self.asked(actor, **more)))

    async def give_up(self, actor: Actor = MANAGER, **more: Any) -> Answer:
        """What can't be had is ended."""
        return await self.ask(BookingWorkflow.give_up, GiveUp(self.asked(actor, **more)))

    async def move_clock(self, key: str, at: datetime | None, actor: Actor = DESK, **more: Any) -> Answer:
        """A clock is moved, or put back."""
        more.setdefault("reason", "The guest called.")
        return await self.ask(BookingWorkflow.move_clock, MoveClock(self.asked(actor, **more), key, at))

    async def ask_change(self, *plans: StayPlan, actor: Actor = GUEST, **more: Any) -> Answer:
        """The guest asks for what only the hotel may grant."""
        prices = (self.row()["total_minor"], sum(one.total_minor for one in plans))
        wish = AskChange(self.asked(actor, **more), "{}", "A later flight.", plans, *prices)
        return await self.ask(BookingWorkflow.ask_change, wish)

    async def answer_change(self, number: int, verdict: str, *plans: StayPlan, **more: Any) -> Answer:
        """A wish is granted, declined or taken back."""
        answered = AnswerChange(self.asked(more.pop("actor", DESK), **more), number, verdict, plans)
        return await self.ask(BookingWorkflow.answer_change, answered)

    async def correct_zone(self, zone: str, version: int = 2) -> None:
        """The hotel's zone was wrong."""
        await self.handle.signal(BookingWorkflow.correct_zone, Rezone(zone, version, MANAGER))

    async def assign(self, number: str, stay: int = 1, **more: Any) -> Answer:
        """A stay gets a room; 900 is the suite."""
        room_type = 2 if number == "900" else 1
        asked = self.asked(stays=(stay,), **more)
        return await self.ask(
            BookingWorkflow.assign_room, AssignRoom(asked, self.house.rooms[number], number, room_type)
        )

    async def check_in(self, **more: Any) -> Answer:
        """Guests arrive."""
        return await self.ask(BookingWorkflow.check_in, CheckIn(self.asked(**more)))

    async def pay(self, amount_minor: int, currency: str = "", **more: Any) -> Answer:
        """The desk takes cash."""
        money = TakePayment(self.asked(**more), "cash", amount_minor, currency or self.house.terms.currency)
        return await self.ask(BookingWorkflow.take_payment, money)

    async def check_out(self, **more: Any) -> Answer:
        """Guests leave."""
        return await self.ask(BookingWorkflow.check_out, CheckOut(self.asked(**more)))

    async def no_show(self, **more: Any) -> Answer:
        """The desk says that nobody came."""
        return await self.ask(BookingWorkflow.mark_no_show, MarkNoShow(self.asked(**more)))

    async def until(self, instant: datetime) -> None:
        """Lets the booking's clock run on to just past this instant."""
        behind = instant - await self.clock()
        if behind > timedelta(0):
            await TimeSkipper(self.client).fast_forward(self.handle, behind + timedelta(seconds=1))

    async def clock(self) -> datetime:
        """The booking's own clock, skipped time included."""
        return await TimeSkipper(self.client).get_current_time(self.handle)

    def looked(self, sql: LiteralString, *values: Any) -> list[dict[str, Any]]:
        """The rows of a query, by a connection of its own unless one is given for many."""
        if self.db is None:
            with connect(self.owner_url) as db:
                return db.cursor(row_factory=dict_row).execute(sql, values).fetchall()
        return self.db.cursor(row_factory=dict_row).execute(sql, values).fetchall()

    def row(self) -> dict[str, Any]:
        """The booking's row, as readers see it."""
        found = self.looked("SELECT * FROM bookings WHERE reference = %s", self.reference)
        return found[0] if found else {}

    def agenda(self) -> dict[str, datetime]:
        """The clocks' instants by key, as readers see them."""
        return {entry["key"]: datetime.fromisoformat(entry["at"]) for entry in self.row()["agenda"]}

    def events(self) -> list[str]:
        """What happened, in order."""
        rows = self.looked("SELECT what FROM booking_events WHERE reference = %s ORDER BY seq", self.reference)
        return [row["what"] for row in rows]

    def notices(self) -> list[str]:
        """What was wished to be sent, in order."""
        rows = self.looked("SELECT kind FROM notices WHERE reference = %s ORDER BY notice_id", self.reference)
        return [row["kind"] for row in rows]

    def counted(self) -> list[tuple[date, int, int]]:
        """(night, held, sold) of the doubles, for the booking's nights."""
        rows = self.looked(
            "SELECT night, held, sold FROM room_type_nights WHERE hotel_id = %s AND room_type_id = 1"
            " AND night >= %s AND night < %s ORDER BY night",
            self.house.hotel_id, self.dates.arrival, self.dates.departure,
        )  # fmt: skip
        return [(row["night"], row["held"], row["sold"]) for row in rows]

    async def reaches(self, wanted: object, column: str = "status", seconds: float = 45) -> dict[str, Any]:
        """The row, once a column says what is wanted. Bounded: a story that does not get there fails the test."""
        async with asyncio.timeout(seconds):
            while self.row().get(column) != wanted:
                await asyncio.sleep(0.02)
        return self.row()


def refusal(error: WorkflowUpdateFailedError) -> str:
    """The stable code of a refused command."""
    cause = error.cause
    assert isinstance(cause, ApplicationError)
    return str(cause.type)
