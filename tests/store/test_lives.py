"""The mail of 300 random lives through the real outbox: none after a cancellation, none twice, none past its moment.

Lives are told by the domain's own steps, in rounds of some hours; between them the outbox is claimed by the real
store, with rounds in which no mail goes out at all and with letters whose sending ends in doubt. What is checked is
written down here anew, without the rules that it checks.
"""

import json
import random
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import psycopg
import pytest

from domain import notices as rules
from domain.acts import (
    approved,
    cancelled,
    checked_in,
    checked_out,
    confirmed,
    declined,
    fee_waived,
    no_show,
    opened,
)
from domain.agenda import agenda, due
from domain.alarms import clock_rang
from domain.booking import Actor, Booking, Status, Stay
from domain.changing import change_answered, change_asked, clock_moved, reinstated
from domain.lifecycle import Action, check_allowed
from domain.notices import BATCH, NoticeEnd
from domain.refusals import Refused
from domain.steps import Act, ChangeNews, Step
from domain.terms import check_in_from, check_out_by
from messages.notices import ClaimedNotices
from store.notices import LOOK_UP_AFTER, NoticeStore
from store.session import Database
from store.states import dump_notices, dump_state
from tests.gateways.facts import stay
from tests.store.outbox import NOON, Outbox, build_outbox
from tests.story.world import connect

LIVES, ROUNDS, SEED = 300, 36, 20_260_314
HOURS = (2, 6, 9, 14)
DESK, GUEST = Actor("staff", "manager", 1), Actor("guest")
AFTER_CANCEL = {"cancelled", "no_show", "guest_link", "email_confirm", "email_changed"}
OFTEN = {
    "received", "held", "confirmed", "declined", "expired", "cancelled", "no_show", "pre_arrival", "check_in",
    "check_out", "new_request", "deadline_near", "change_request",
}  # fmt: skip
ONCE = {"pre_arrival", "check_in", "check_out", "feedback"}


@dataclass(frozen=True)
class Mail:
    """One letter that went out: when, what it told of which rooms, and the booking as it was then."""

    at: datetime
    notice_id: int
    kind: str
    audience: str
    rooms: tuple[int, ...]
    useful_until: datetime | None
    booking: Booking


@dataclass
class Town:
    """Many lives at one hotel, and its mail."""

    outbox: Outbox
    store: NoticeStore
    db: psycopg.Connection[Any]
    chance: random.Random
    bookings: dict[str, Booking] = field(default_factory=dict)
    looks_up: bool = True
    mails: list[Mail] = field(default_factory=list)
    wishes: int = 0

    def begin(self, now: datetime) -> None:
        """Somebody asks for rooms, or the desk holds some."""
        rooms = [
            stay(
                number, arrival=now.date() + timedelta(days=self.chance.randint(1, 5)), nights=self.chance.randint(1, 3)
            )
            for number in range(1, self.chance.choice((1, 1, 1, 2, 3)) + 1)
        ]
        address = self.chance.choice(("guest@example.com", "guest@example.com", "guest@example.com", None))
        booking = self.outbox.book(rooms, email=address, now=now)
        option = now + timedelta(hours=self.chance.randint(4, 40)) if self.chance.random() < 0.2 else None
        new = Act(now, DESK if option else GUEST, "desk" if option else "web")
        try:
            first = opened(booking, new, option_until=option)
        except Refused:
            first = opened(booking, new)
        self.write([first])

    def write(self, steps: Iterable[Step]) -> None:
        """Each step with its notices, as the bookings' own transactions write them."""
        for step in steps:
            booking = step.after
            self.bookings[booking.reference] = booking
            self.wishes += len(step.notices)
            self.db.execute(
                "UPDATE bookings SET status = %s, state = %s, seq = %s WHERE hotel_id = %s AND reference = %s",
                [booking.status, dump_state(booking), booking.seq, booking.hotel_id, booking.reference],
            )
            for wish in json.loads(dump_notices(step.notices)):
                self.db.execute(
                    "INSERT INTO notices (hotel_id, reference, seq, kind, audience, stay, due_at, useful_until, data)"
                    " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
                    [
                        booking.hotel_id, booking.reference, booking.seq, wish["kind"], wish["audience"], wish["stay"],
                        step.act.now, wish["useful_until"], json.dumps(wish.get("data") or {}),
                    ],
                )  # fmt: skip

    def live(self, now: datetime) -> None:
        """Clocks ring, and some people do something."""
        for reference in list(self.bookings):
            while ringing := due(agenda(self.bookings[reference]), now):
                self.write([clock_rang(self.bookings[reference], ringing, Act(ringing[0].at))])
            if self.chance.random() < 0.45 and (step := self.act(self.bookings[reference], now)):
                self.write([step])

    def act(self, booking: Booking, now: datetime) -> Step | None:
        """What somebody does to a booking, if it can be done."""
        by_guest = self.chance.random() < 0.3
        act = Act(now, GUEST if by_guest else DESK, "web" if by_guest else "desk", "by chance")
        numbers = [one.number for one in booking.stays if self.chance.random() < 0.6] or [1]
        try:
            return self._do(booking, act, numbers)
        except (Refused, ValueError):
            return None

    def _do(self, booking: Booking, act: Act, numbers: Sequence[int]) -> Step | None:
        deed = self.chance.choice(tuple(Action))
        check_allowed(booking, deed, numbers)
        named = [one for one in booking.stays if one.number in numbers]
        whole: dict[Action, Callable[[Booking, Act], Step]] = {
            Action.APPROVE: approved,
            Action.CONFIRM: confirmed,
            Action.DECLINE: declined,
        }
        some: dict[Action, Callable[[Booking, Act, Sequence[int]], Step]] = {
            Action.CANCEL: cancelled,
            Action.NO_SHOW: no_show,
            Action.WAIVE_FEE: fee_waived,
        }
        rooms: dict[Action, Callable[[Booking, Act, Sequence[Stay]], Step]] = {
            Action.CHECK_IN: checked_in,
            Action.CHECK_OUT: checked_out,
            Action.REINSTATE: reinstated,
        }
        if deed in whole:
            return whole[deed](booking, act)
        if deed in some:
            return some[deed](booking, act, numbers)
        if deed in rooms:
            return rooms[deed](booking, act, named)
        if deed is Action.ASK_CHANGE:
            return change_asked(booking, act, ChangeNews(0, "open"))
        if deed is Action.ANSWER_CHANGE:
            return change_answered(booking, act, self.chance.choice(("declined", "withdrawn")))
        if deed is Action.CLOCKS:
            entry = self.chance.choice([one for one in agenda(booking) if one.rings])
            return clock_moved(booking, act, entry, act.now + timedelta(hours=self.chance.randint(1, 20)))
        return None

    async def post(self, at: datetime) -> None:
        """Batch after batch until nothing more can go out."""
        while True:
            claimed = await self.store.claim(self.outbox.hotel_id, at)
            await self._settle(claimed, at)
            if not (claimed.to_send or claimed.ended):
                return
            assert len(claimed.to_send) <= BATCH

    async def _settle(self, claimed: ClaimedNotices, at: datetime) -> None:
        hotel_id = self.outbox.hotel_id
        ends: list[NoticeEnd] = []
        if self.looks_up:
            # What was sent in doubt is found at the provider: it is written down and never sent again.
            ends = [NoticeEnd(one, "sent", provider_id=f"id-{one}") for one in claimed.unclear]
        else:
            await self.store.release(hotel_id, claimed.unclear, tried=True)
        for facts in await self.store.read(hotel_id, claimed.to_send):
            self.mails.append(_mail(facts, at))
            if self.chance.random() < 0.95:
                ends.append(NoticeEnd(facts.notice.notice_id, "sent", provider_id=f"id-{facts.notice.notice_id}"))
        await self.store.end(hotel_id, ends, at)


def _mail(facts: Any, at: datetime) -> Mail:
    notice = facts.notice
    rooms = tuple(facts.numbers or ())
    return Mail(at, notice.notice_id, notice.kind, notice.kind.audience, rooms, notice.useful_until, facts.booking)


def faults(mails: Sequence[Mail]) -> Counter[str]:
    """What was wrong with the mail, by its kind."""
    found: Counter[str] = Counter()
    seen: set[int] = set()
    told: set[tuple[str, str, int, date]] = set()
    for mail in mails:
        found["twice"] += mail.notice_id in seen
        seen.add(mail.notice_id)
        found["after cancel"] += _after_cancel(mail)
        found["past its moment"] += _past(mail)
        if mail.kind in ONCE:
            rooms = {
                (mail.booking.reference, mail.kind, one.number, one.arrival)
                for one in mail.booking.stays
                if one.number in mail.rooms
            }
            found["twice"] += bool(rooms & told)
            told |= rooms
    return +found


def _after_cancel(mail: Mail) -> bool:
    """A guest whose booking or room is cancelled hears of that only; and what is alive is not called cancelled."""
    about = [one.status for one in mail.booking.stays if one.number in mail.rooms]
    gone = mail.booking.status is Status.CANCELLED or Status.CANCELLED in about or not about
    if mail.kind in AFTER_CANCEL:
        return mail.kind == "cancelled" and not set(about) <= {Status.CANCELLED, Status.FAILED}
    return mail.audience == "guest" and gone


def _past(mail: Mail) -> bool:
    """Whether the moment that the letter is about had come when it went out."""
    booking, terms, at = mail.booking, mail.booking.terms, mail.at
    about = [one for one in booking.stays if one.number in mail.rooms] or list(booking.stays)
    clocks = {entry.key: entry.at for entry in agenda(booking)}
    leaves = check_out_by(terms, max(one.departure for one in about))
    if mail.useful_until is not None and at >= mail.useful_until:
        return True
    match mail.kind:
        case "pre_arrival":
            opens = [clocks.get(f"check_in_from-{one.number}", check_in_from(terms, one.arrival)) for one in about]
            return at >= min(opens) or any(one.status is not Status.CONFIRMED for one in about)
        case "confirmed" | "changed" | "check_in" | "change_answered":
            return at >= leaves
        case "feedback" | "check_out":
            return at >= leaves + timedelta(days=30)
        case "held":
            return booking.status is not Status.HELD or at >= clocks["hold_expires"]
        case "pending" | "deadline_near":
            return booking.status is not Status.PENDING or at >= clocks["approval_deadline"]
        case "change_request":
            return booking.change_request is None or at >= clocks[f"change_request-{booking.change_request.number}"]
        case "overstay":
            late = [one for one in about if one.status is Status.CHECKED_IN]
            return not any(one.overstayed or at >= check_out_by(terms, one.departure) for one in late)
    return False


async def lived(owner_url: str, database: Database, lives: int, *, looks_up: bool = True) -> Town:
    """A town in which so many lives have been lived, and the last mail has gone out."""
    outbox = build_outbox(owner_url)
    with connect(owner_url) as db:
        town = Town(outbox, NoticeStore(database), db, random.Random(SEED), looks_up=looks_up)  # noqa: S311
        now = NOON
        for round_ in range(ROUNDS):
            with db.transaction():
                for _ in range(lives // 12 if round_ < 12 else 0):
                    town.begin(now)
                town.live(now)
            if town.chance.random() < 0.6:
                await town.post(now + timedelta(minutes=town.chance.randint(0, 50)))
            now += timedelta(hours=town.chance.choice(HOURS))
        await town.post(now)
        await town.post(now + LOOK_UP_AFTER)
    return town


async def test_300_random_lives_bring_no_mail_after_a_cancellation_none_twice_and_none_past_its_moment(
    owner_url: str, database: Database
) -> None:
    town = await lived(owner_url, database, LIVES)
    assert faults(town.mails) == Counter()
    assert len(town.bookings) == LIVES
    # The lives were rich enough to show something: most kinds went out, and much was dropped.
    sent, states = {mail.kind for mail in town.mails}, Counter(town.outbox.states())
    assert sent >= OFTEN
    assert set(states) == {"sent", "dropped", "undeliverable"}
    assert min(states.values()) > LIVES // 4
    assert sum(states.values()) == town.wishes


async def test_with_the_guard_off_the_same_lives_bring_mail_after_a_cancellation(
    owner_url: str, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "still_true", lambda notice, booking, at: True)
    town = await lived(owner_url, database, LIVES // 5)
    assert faults(town.mails)["after cancel"] > 0


async def test_without_the_moments_the_same_lives_bring_mail_past_them(
    owner_url: str, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "is_too_late", lambda until, now: False)
    town = await lived(owner_url, database, LIVES // 5)
    assert faults(town.mails)["past its moment"] > 0


async def test_without_a_look_up_the_same_lives_bring_letters_twice(owner_url: str, database: Database) -> None:
    town = await lived(owner_url, database, LIVES // 5, looks_up=False)
    assert faults(town.mails)["twice"] > 0
