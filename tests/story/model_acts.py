"""What people and clocks do to the model of a booking; each act says its rule once and nothing else."""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from domain.terms import cancel_free_until, check_in_from, check_out_by, no_show_at
from tests.story.model import DAY, GONE, HOLDING, MINUTE, Clock, Goal, Room, Wish
from tests.story.model_rules import BY_ARRIVAL, BY_DEPARTURE, FROM, LIVES, No, Rules, needs

# Clocks that only write to somebody; each rings once.
LETTERS = ("pre_arrival", "approval_alert", "overstay-", "feedback")


@dataclass
class Model(Rules):
    """A booking that can be asked and whose clocks ring."""

    def _now(self) -> dict[str, Any]:
        """All of it as it is, to go back to; terms never change, so they are not copied."""
        return deepcopy(self.__dict__, {id(fixed): fixed for fixed in (self.terms, self.rate)})

    def judge(self, wish: Wish, now: datetime) -> str:
        """What the wish comes to: done, already, or the code of the refusal. A refusal changes nothing."""
        before = self._now()
        try:
            if wish.key in self.keys or self._is_true(wish):
                return "already"
            needs(wish.version in (None, self.version), "version_conflict")
            rooms = self._allowed(wish)
            getattr(self, f"_{wish.kind}")(wish, rooms, now)
            self._written(before, wish, now)
        except No as no:
            self.__dict__ = before
            return str(no)
        self.keys.add(wish.key)
        return "done"

    def rings(self, now: datetime) -> bool:
        """Lets the clocks ring that are due: one step for those of a kind. False when none was."""
        due = [clock for clock in self.clocks() if clock.rings and clock.at <= now]
        if due:
            before = self._now()
            self._ring(due, now)
            self._written(before, Wish("clock", oversell=True), now)
        return bool(due)

    def _approve(self, _wish: Wish, _rooms: list[Room], _now: datetime) -> None:
        self._everyone("confirmed")
        self.events.append("approved")

    def _confirm(self, _wish: Wish, _rooms: list[Room], _now: datetime) -> None:
        self._everyone("confirmed")
        self.events.append("confirmed")

    def _decline(self, _wish: Wish, _rooms: list[Room], _now: datetime) -> None:
        self._everyone("rejected")
        self.events.append("declined")

    def _give_up(self, wish: Wish, _rooms: list[Room], _now: datetime) -> None:
        needs(wish.reason, "reason_needed")
        self._everyone("failed")
        self.events.append("failed")

    def _penalty(self, room: Room, rule: str, percent: int) -> int:
        first = room.price[room.arrival]
        prices = {
            "none": 0,
            "first_night": first,
            "full": room.total(),
            "percent": (room.total() * percent + 50) // 100,
        }
        return prices[rule]

    def _cancel(self, wish: Wish, rooms: list[Room], now: datetime) -> None:
        needs(not wish.waive or wish.who == "manager", "role_missing")
        needs(not wish.waive or wish.reason, "reason_needed")
        fees = {}
        for room in rooms:
            free = cancel_free_until(self.terms, self.rate, room.arrival)
            free = self.moved.get(f"cancel_free_until-{room.number}", free)
            costs = room.status == "confirmed" and not (free and now < free) and not wish.waive
            fees[room.number] = self._penalty(room, self.rate.late_cancellation, self.rate.late_percent) if costs else 0
        needs(wish.told in (None, sum(fees.values())), "fee_changed")
        withdrawn = self.status == "pending" and wish.who == "guest"
        for room in rooms:
            self._goes(room, "cancelled")
            room.fee, room.room = fees[room.number], ""
        self.status = self._derived()
        if self.status == "cancelled":
            self.deadline = self.hold_until = None
        self.events.append("withdrawn" if withdrawn else "cancelled")

    def _waive_fee(self, wish: Wish, _rooms: list[Room], _now: datetime) -> None:
        needs(wish.who == "manager", "role_missing")
        needs(wish.reason, "reason_needed")
        for room in self.rooms:
            room.fee = 0 if not wish.stays or room.number in wish.stays else room.fee
        self.events.append("fee_waived")

    def _assign(self, wish: Wish, rooms: list[Room], _now: datetime) -> None:
        needs(len(rooms) == 1, "one_stay_at_a_time")
        rooms[0].room, rooms[0].takes = wish.room, 2 if wish.room == "900" else 1
        self.events.append("room_assigned")

    def _check_in(self, wish: Wish, rooms: list[Room], now: datetime) -> None:
        for room in rooms:
            needs(self.today(now) >= room.arrival, "too_early")
            needs(self.today(now) < room.departure, "too_late")
            needs(room.room, "room_not_assigned")
        needs(wish.reason or not any(room.room in self.dirty for room in rooms), "room_not_clean")
        for room in rooms:
            room.status = "checked_in"
        self.status = self._derived()
        self.events.append("checked_in")

    def _check_out(self, wish: Wish, rooms: list[Room], now: datetime) -> None:
        for room in rooms:
            room.status = "checked_out"
            self.dirty.add(room.room)
            leaves = max(self.today(now), room.awaited() + DAY)
            if leaves < room.departure:
                back = [room.price[night] for night in room.kept() if night >= leaves]
                part = (sum(back) * self.rate.early_percent + 50) // 100
                rules = {"none": 0, "next_night": back[0], "percent": part, "full": sum(back)}
                room.left, room.fee = leaves, rules[self.rate.early_departure]
        others = any(room.status in ("checked_in", "confirmed") for room in self.rooms)
        settled = self.terms.payment.value == "none" or self.balance() == 0
        needs(others or settled or wish.reason, "balance_open")
        self.status = self._derived()
        self.events.append("checked_out")

    def _no_show(self, wish: Wish, rooms: list[Room], now: datetime) -> None:
        for room in rooms:
            opens = check_in_from(self.terms, room.awaited())
            needs(now >= self.moved.get(f"check_in_from-{room.number}", opens), "too_early")
        self._missing(rooms)

    def _missing(self, rooms: list[Room]) -> None:
        for room in rooms:
            second = room.awaited() + DAY
            room.left = second if second < room.departure else None
            room.fee = self._penalty(room, self.rate.no_show, self.rate.no_show_percent)
            self._goes(room, "no_show")
        self.status = self._derived()
        self.events.append("no_show")

    def _pay(self, wish: Wish, _rooms: list[Room], _now: datetime) -> None:
        needs(self.terms.payment.value != "none", "payments_not_taken")
        needs(wish.amount > 0, "amount_not_positive")
        needs(wish.amount <= self.balance(), "more_than_owed")
        self.paid += wish.amount
        self.events.append("payment_received")

    def _reinstate(self, wish: Wish, rooms: list[Room], now: datetime) -> None:
        needs(wish.reason, "reason_needed")
        today = self.today(now)
        needs(now < check_out_by(self.terms, max(room.departure for room in self.rooms)), "too_late")
        for room in rooms:
            asked = room.came_from in HOLDING
            needs(today < room.departure and not (asked and today > room.arrival), "too_late")
        needs(not wish.oversell or wish.who == "manager", "role_missing")
        live = [room.status for room in self.rooms if room.status not in (*GONE, "checked_out")]
        before = {room.came_from for room in rooms}
        status = live[0] if live else before.pop() if len(before) == 1 else "confirmed"
        status = status if status in HOLDING else "confirmed"
        for room in rooms:
            first = room.awaited() + DAY if room.status == "no_show" else room.arrival
            slept = room.skipped if room.status == "no_show" else frozenset()
            room.skipped = slept | {night for night in room.price if first <= night < today}
            room.expected = today if today > room.arrival else None
            room.status, room.fee, room.left, room.came_from, room.room = status, 0, None, "", ""
        self.status, self.since = self._derived(), now
        told = {key for key in self.rung if key.startswith("pre_arrival")}
        self._forgets({*LIVES, *(f"{kind}-{room.number}" for room in rooms for kind in (*BY_ARRIVAL, *BY_DEPARTURE))})
        self.rung |= told
        if status == "pending":
            self.deadline = self._answer_by(now)
        if status == "held":
            created, self.created = self.created, now
            self.hold_until = min(now + timedelta(hours=self.terms.option_hours), self.latest_hold())
            self.created = created
        self._skips_past(now, lambda _: True)
        self.events.append("reinstated")

    def _answer_by(self, now: datetime) -> datetime:
        """The hotel's time for its yes: the window, not past the check-in time, at least the least, never the audit."""
        approval, first = self.terms.approval, min(room.arrival for room in self.rooms)
        window = min(now + approval.window_minutes * MINUTE, check_in_from(self.terms, first))
        return min(max(window, now + approval.least_minutes * MINUTE), no_show_at(self.terms, first))

    def _move_clock(self, wish: Wish, _rooms: list[Room], now: datetime) -> None:
        clock = next((one for one in self.clocks() if one.key == wish.clock), None)
        if clock is None:
            raise No("clock_not_running")
        needs(wish.at or wish.clock in self.moved, "clock_not_moved")
        needs(wish.reason, "reason_needed")
        again = wish.clock == "hold_expires" and wish.at and self.extended.get(wish.clock)
        needs(not again or wish.who != "frontdesk", "role_missing")
        earliest = max(now + MINUTE, clock.earliest or now)
        needs((wish.at or clock.default) >= earliest, "clock_out_of_bounds")
        needs(wish.at is None or wish.at <= clock.latest, "clock_out_of_bounds")
        moves = self.extended.get(wish.clock, 0) + (wish.who == "frontdesk")
        self.moved.pop(wish.clock, None)
        self.extended.pop(wish.clock, None)
        if wish.at:
            self.moved[wish.clock], self.extended[wish.clock] = wish.at, moves
        if wish.clock == "approval_deadline":
            self._skips_past(now, lambda key: key.startswith("approval_alert"))
        self.events.append("clock_moved" if wish.at else "clock_put_back")

    def _ask_change(self, _wish: Wish, _rooms: list[Room], now: datetime) -> None:
        window = min(now + self.terms.guest.request_minutes * MINUTE, check_in_from(self.terms, self.first_day()))
        until = max(window, now + self.terms.approval.least_minutes * MINUTE)
        self.changes += 1
        self.change = (self.changes, min(until, no_show_at(self.terms, max(room.departure for room in self.rooms))))
        self.events.append("change_asked")

    def _answer_change(self, wish: Wish, _rooms: list[Room], now: datetime) -> None:
        needs(self.change and self.change[0] == wish.number, "change_not_open")
        if wish.verdict == "accepted":
            self._becomes(wish.goals, now)
        self.change = None
        self.events.append(f"change_{wish.verdict}")

    def _amend(self, wish: Wish, _rooms: list[Room], now: datetime) -> None:
        alone = self.terms.confirmation.value == "auto" and self.status == "confirmed"
        known = [self.rooms[goal.number - 1] for goal in wish.goals if goal.number <= len(self.rooms)]
        needs(all(room.status in FROM["amend"] for room in known), "action_not_allowed")
        needs(not wish.oversell or wish.who == "manager", "role_missing")
        needs(wish.who != "guest" or alone, "ask_the_hotel")
        self._becomes(wish.goals, now)
        needs(wish.told in (None, sum(room.total() for room in self.rooms)), "quote_stale")
        self.events.append("extended" if wish.kind == "extend" else "amended")

    _extend = _amend

    def _becomes(self, goals: Sequence[Goal], now: datetime) -> None:
        """Rooms become what is told; clocks of dates that move are placed anew, those of its life stay in bounds."""
        again: set[str] = set()
        for goal in goals:
            price = dict(zip((goal.arrival + n * DAY for n in range(len(goal.price))), goal.price, strict=True))
            if goal.number > len(self.rooms):
                status = self.status if self.status in HOLDING else "confirmed"
                new = Room(goal.number, status, goal.arrival, goal.departure, goal.sells, goal.sells, price)
                self.rooms.append(new)
                again.add(f"pre_arrival-{goal.number}")
                continue
            room = self.rooms[goal.number - 1]
            needs(room.status in FROM["amend"], "action_not_allowed")
            if room.arrival != goal.arrival:
                again |= {f"{kind}-{room.number}" for kind in BY_ARRIVAL}
            if room.departure != goal.departure:
                again |= {f"{kind}-{room.number}" for kind in BY_DEPARTURE}
            if room.sells != goal.sells:
                needs(not room.room or room.status != "checked_in", "room_not_free")
                room.room, room.takes = "", goal.sells
            missing = self.moved.get(f"no_show-{room.number}")
            if missing and missing > check_out_by(self.terms, goal.departure):
                again.add(f"no_show-{room.number}")
            room.arrival, room.departure, room.sells, room.price, room.extra = (
                goal.arrival, goal.departure, goal.sells, price, 0,
            )  # fmt: skip
        self.status, self.change = self._derived(), None
        self._forgets(again)
        self._skips_past(now, lambda key: key in again)
        least = now + self.terms.approval.least_minutes * MINUTE
        opens, ends = check_in_from(self.terms, self.first_day()), self.latest_hold()
        self.deadline = self.deadline and min(self.deadline, max(opens, least))
        self.hold_until = self.hold_until and min(self.hold_until, max(ends, least))
        for key, latest in (("approval_deadline", opens), ("hold_expires", ends)):
            if key in self.moved:
                self.moved[key] = min(self.moved[key], max(latest, least))

    # --- the opening, and the clocks ------------------------------------------------------------------------------

    def open(self, now: datetime, *, yes: bool, option_until: datetime | None = None) -> None:
        """The first step. yes: the hotel's yes is given with it."""
        manual = self.terms.confirmation.value == "manual" and not yes
        self.status = "held" if option_until else "pending" if manual else "confirmed"
        self.hold_until = option_until
        self.deadline = self._answer_by(now) if self.status == "pending" else None
        for room in self.rooms:
            room.status = self.status
        self.since = now
        self.events.append({"held": "option_held", "pending": "requested"}.get(self.status, "booked"))

    def _ring(self, due: Sequence[Clock], now: datetime) -> None:
        """Clocks that ring together are one step; what ends a chapter comes first, then guests who are missing."""
        first, missing = due[0], [self.rooms[clock.stay - 1] for clock in due if clock.key.startswith("no_show")]
        match first.key.partition("-")[0]:
            case "approval_deadline":
                yes = self.terms.approval.at_end == "approve"
                self._everyone("confirmed" if yes else "expired")
                self.events.append("approved_by_rule" if yes else "expired")
            case "hold_expires":
                self._everyone("expired")
                self.events.append("option_ended")
            case "close":
                self.status, self.close_at, self.feedback_at = "completed", None, None
                self.events.append("completed")
            case "change_request":
                self.change = None
                self.events.append("change_lapsed")
            case "overstay_night":
                room = self.rooms[first.stay - 1]
                room.price[room.departure] = room.price[room.departure - DAY]
                room.departure, room.extra = room.departure + DAY, room.extra + 1
                self._forgets({f"{kind}-{room.number}" for kind in BY_DEPARTURE})
                self.events.append("overstay_night")
            case _ if missing:
                self._missing(missing)
            case _:
                told = {clock.key for clock in due if clock.key.startswith(LETTERS)}
                self.rung |= told
                late = any(key.startswith("overstay") for key in told)
                near = any(key.startswith("approval_alert") for key in told)
                self.events.append("overstay" if late else "deadline_near" if near else "reminded")
