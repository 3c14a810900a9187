"""Whether the model of a booking leaves a wish open, and what follows from every change of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tests.story.model import COMING, ENDED, GONE, Picture, Room, Wish, taken

# What a room must be for each wish, and what it is when the wish has come true before.
FROM = {
    "approve": ("pending",), "decline": ("pending",), "confirm": ("held",), "cancel": COMING, "give_up": COMING,
    "amend": (*COMING, "checked_in"), "extend": ("confirmed", "checked_in"), "assign": ("confirmed",),
    "check_in": ("confirmed",), "check_out": ("checked_in",), "no_show": ("confirmed",),
    "reinstate": ("cancelled", "no_show", "rejected", "expired"),
}  # fmt: skip
ALREADY = {
    "approve": ("confirmed", "checked_in"), "decline": ("rejected",), "confirm": ("confirmed", "checked_in"),
    "cancel": ("cancelled",), "check_in": ("checked_in",), "check_out": ("checked_out",), "no_show": ("no_show",),
    "reinstate": COMING, "give_up": ("failed",),
}  # fmt: skip
LIVES = ("hold_expires", "approval_alert_desk", "approval_alert_manager", "approval_deadline", "close", "feedback")
BY_ARRIVAL = ("pre_arrival", "check_in_from", "cancel_free_until", "no_show")
BY_DEPARTURE = ("overstay", "overstay_night")


class No(Exception):
    """The wish is refused with this code."""


def needs(true: object, code: str) -> None:
    """The rule with this code."""
    if not true:
        raise No(code)


@dataclass
class Rules(Picture):
    """What all acts share."""

    def _meant(self, wish: Wish) -> list[Room]:
        needs(all(number <= len(self.rooms) for number in wish.stays), "stay_unknown")
        fit = [room for room in self.rooms if room.status in FROM[wish.kind]]
        return [room for room in self.rooms if room.number in wish.stays] if wish.stays else fit or self.rooms

    def _is_true(self, wish: Wish) -> bool:
        if wish.kind == "move_clock":
            return self.status not in ENDED and wish.at is not None and self.moved.get(wish.clock) == wish.at
        if wish.kind not in FROM:
            return False
        meant, true = self._meant(wish), ALREADY.get(wish.kind, ())
        if wish.kind == "assign" and wish.stays:
            return meant[0].room == wish.room
        if not wish.stays and not any(room.status in FROM[wish.kind] for room in self.rooms):
            return any(room.status in true for room in self.rooms)
        return all(room.status in true for room in meant)

    def _allowed(self, wish: Wish) -> list[Room]:
        """The rooms that are meant, where the booking leaves the wish open to who has it."""
        balance, asked = self.balance(), self.status in ("pending", "confirmed") and self.change is None
        whole = {
            "pay": self.status in ("confirmed", "checked_in", "checked_out")
            or (self.status in ("cancelled", "no_show") and balance > 0),
            "waive_fee": self.status != "completed" and any(room.fee for room in self.rooms),
            "move_clock": self.status not in ENDED and self.clocks(),
            "ask_change": asked,
            "answer_change": self.change is not None,
        }
        guest = wish.who == "guest"
        if wish.kind in whole:
            closed = guest and wish.kind not in ("ask_change", "answer_change")
            needs(whole[wish.kind] and not closed, "action_not_allowed")
            return []
        rooms = self._meant(wish)
        over = ("checked_out", "completed", "failed") if wish.kind == "reinstate" else ENDED
        late = wish.kind == "give_up" and self.status not in COMING
        closed = guest and wish.kind not in ("amend", "cancel")
        fit = all(room.status in FROM[wish.kind] for room in rooms)
        needs(fit and self.status not in over and not late and not closed, "action_not_allowed")
        return rooms

    # --- what follows ---------------------------------------------------------------------------------------------

    def _written(self, before: dict[str, object], wish: Wish, now: datetime) -> None:
        """The booking's closing, the hotel's counters and its rooms, as they follow from the change."""
        was, rooms = str(before["status"]), before["rooms"]
        if self.status != was:
            self.since = now
            if self.status == "checked_out":
                asks = self.terms.feedback_after_seconds
                self.feedback_at = None if asks is None else now + timedelta(seconds=asks)
                self.close_at = max(now + timedelta(seconds=self.terms.close_after_seconds), self.feedback_at or now)
        if self.status in ENDED:
            self.change = None
        self._count(rooms, wish.oversell)  # type: ignore[arg-type]
        self._room_keys(rooms, wish)  # type: ignore[arg-type]
        self.version += self.events[-1] not in ("reminded", "overstay", "deadline_near")

    def _count(self, before: Sequence[Room], oversell: bool) -> None:
        """More than is free is refused, or counted as oversold; what is given back takes that back first."""
        was, now = taken(before), taken(self.rooms)
        for at in was.keys() | now.keys():
            (held, sold), (held_now, sold_now) = was.get(at, (0, 0)), now.get(at, (0, 0))
            if (held, sold) == (held_now, sold_now):
                continue
            physical, blocked = self.nights[at]
            more = held_now + sold_now - held - sold
            short = more - (physical - blocked - held - sold)
            needs(more <= 0 or short <= 0 or oversell, "sold_out")
            known = self.oversold.get(at, 0)
            self.oversold[at] = max(known, short) if oversell and more > 0 else min(known, max(0, short))

    def _room_keys(self, before: Sequence[Room], wish: Wish) -> None:
        """A room has one guest. A change goes on without a room that is taken; a guest in the house keeps it."""
        was = {room.number: room.in_room() for room in before}
        rooms = {room.number: room.room for room in before}
        for room in self.rooms:
            mine = room.in_room()
            if mine is None or (mine == was.get(room.number) and room.room == rooms.get(room.number)):
                continue
            others = [o.in_room() for o in self.rooms if o is not room and o.room == room.room]
            if wish.kind != "clock" and any(o and o[0] < mine[1] and mine[0] < o[1] for o in others):
                needs(wish.goals and room.status != "checked_in", "room_not_free")
                for planned in wish.goals:
                    other = self.rooms[planned.number - 1]
                    other.room = "" if other.room == room.room and other is not room else other.room
                room.room = ""

    def _derived(self) -> str:
        """The booking's status from its rooms: the first that fits."""
        seen = {room.status for room in self.rooms}
        if "checked_in" in seen or {"checked_out", "confirmed"} <= seen:
            return "checked_in"
        return next(
            (one for one in ("held", "pending", "confirmed", "checked_out", "no_show") if one in seen), "cancelled"
        )

    def _everyone(self, status: str) -> None:
        """All rooms still to come share it."""
        for room in self.coming():
            self._goes(room, status)
        self.status, self.deadline, self.hold_until = status, None, None

    def _goes(self, room: Room, status: str) -> None:
        if status in GONE:
            room.came_from = room.status
        room.status = status

    def _skips_past(self, now: datetime, concerns: Callable[[str], bool]) -> None:
        """A reminder whose moment has passed is skipped, never sent at once."""
        late = [clock.key for clock in self.clocks() if clock.at <= now and concerns(clock.key)]
        self.rung |= {key for key in late if key.startswith(("pre_arrival", "approval_alert"))}

    def _forgets(self, keys: set[str]) -> None:
        self.moved = {key: at for key, at in self.moved.items() if key not in keys}
        self.extended = {key: n for key, n in self.extended.items() if key not in keys}
        self.rung -= keys
