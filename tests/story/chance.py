"""What might happen to a booking: hotels, openings and wishes, drawn by a seeded generator."""

from datetime import UTC, datetime, time, timedelta
from random import Random
from typing import Any

from domain.clocks import business_date, resolve
from domain.stay import StayDates
from domain.terms import ApprovalTerms, Confirmation, EarlyDeparture, Payment, Penalty, StayTerms
from tests.story.model import DAY, ENDED, Clock, Goal, Room, Wish
from tests.story.model_acts import Model
from tests.story.world import NIGHT_MINOR

ZONES = ("Asia/Kolkata", "America/New_York", "Europe/Lisbon", "Pacific/Apia", "Asia/Kathmandu", "Australia/Lord_Howe")
PENALTIES = (Penalty.NONE, Penalty.FIRST_NIGHT, Penalty.PERCENT, Penalty.FULL)
# What is likely while the booking is in a status; one wish in six is anything at all.
LIKELY = {
    "held": "move_clock move_clock move_clock move_clock cancel amend ring ring full_house",
    "pending": "decline cancel move_clock move_clock ask_change answer_change ring ring ring amend",
    "confirmed": "assign pay cancel cancel cancel cancel move_clock move_clock move_clock amend amend extend ask_change"
    " answer_change answer_change no_show ring ring arrive arrive full_house full_house dirty",
    "checked_in": "pay check_out extend extend amend assign move_clock ring ring ring cancel no_show full_house",
    "checked_out": "pay ring move_clock waive_fee",
    "ended": "reinstate reinstate waive_fee waive_fee pay full_house full_house",
}  # fmt: skip
KINDS = (
    "approve", "decline", "confirm", "cancel", "assign", "check_in", "check_out", "no_show", "reinstate", "pay",
    "waive_fee", "give_up", "move_clock", "amend", "extend", "ask_change", "answer_change",
)  # fmt: skip
STRANGE_CLOCKS = ("no_show-1", "close", "hold_expires", "approval_deadline", "overstay-1", "no_such_clock")


class Chance:
    """Draws a hotel, an opening and one wish after the other for one sequence."""

    def __init__(self, seed: str) -> None:
        self.draw = Random(seed)  # noqa: S311 - A sequence must be the same again for the same seed.
        # Some lives go straight on, others meet with much trouble.
        self.smooth = self.draw.choice((0.2, 0.4, 0.6))

    def hotel(self) -> dict[str, Any]:
        """A hotel's terms, for `build_house`."""
        draw = self.draw
        manual = draw.random() < 0.5
        rate = StayTerms(
            1, "drawn", free_until_days=draw.choice((1, 3, None, None)), late_cancellation=draw.choice(PENALTIES),
            late_percent=33, no_show=draw.choice(PENALTIES), no_show_percent=80,
            early_departure=draw.choice(tuple(EarlyDeparture)), early_percent=25,
        )  # fmt: skip
        return {
            "zone": draw.choice(ZONES), "stay": rate, "rooms": 3, "nights": 60,
            "payment": draw.choice((Payment.AT_HOTEL, Payment.AT_HOTEL, Payment.NONE)),
            "confirmation": Confirmation.MANUAL if manual else Confirmation.AUTO,
            "approval": ApprovalTerms(at_end=draw.choice(("decline", "approve"))),
            "feedback_after_seconds": draw.choice((None, 7200)),
        }  # fmt: skip

    def dates(self, zone: str, audit: time) -> StayDates:
        """A stay that begins soon, so that its clocks are near."""
        arrival = business_date(datetime.now(UTC), zone, audit) + self.draw.choice((0, 0, 1, 1, 2, 4, 12)) * DAY
        return StayDates(arrival, arrival + self.draw.choice((1, 2, 2, 3, 4)) * DAY)

    def kind(self, model: Model, now: datetime) -> tuple[str, bool]:
        """What happens next, and whether it is the next thing in a life without trouble."""
        roll = self.draw.random()
        if roll < self.smooth:
            return self._onward(model, now), True
        if roll < self.smooth + 0.1:
            return self.draw.choice(KINDS), False
        return self.draw.choice(LIKELY["ended" if model.status in ENDED else model.status].split()), False

    def _onward(self, model: Model, now: datetime) -> str:
        """What leads from here to a guest who sleeps, pays and leaves."""
        if model.status in ENDED:
            return "reinstate"
        awaited = [room for room in model.rooms if room.status == "confirmed"]
        if model.status in ("confirmed", "checked_in") and awaited:
            if not all(room.room for room in awaited):
                return "assign"
            return "check_in" if model.today(now) >= model.first_day() else "arrive"
        if model.status == "checked_in":
            return "pay" if model.balance() > 0 and model.terms.payment is Payment.AT_HOTEL else "check_out"
        return {"held": "confirm", "pending": "approve"}.get(model.status, "ring")

    def wish(self, kind: str, model: Model, now: datetime, key: str, *, good: bool) -> Wish:
        """A wish of that kind. good: one that is likely to be granted."""
        draw = self.draw
        version = model.version + 1 if not good and draw.random() < 0.15 else draw.choice((None, model.version))
        base: dict[str, Any] = {"kind": kind, "key": key, "version": version}
        if good:
            return Wish(**base, reason=draw.choice(("", "As agreed.")), **self._good(kind, model))
        base["who"] = draw.choice(("frontdesk", "frontdesk", "manager", "manager", "guest"))
        base["reason"] = draw.choice(("", "As agreed.", "As agreed."))
        base["oversell"] = kind in ("reinstate", "amend", "extend") and draw.random() < 0.4
        if kind in ("cancel", "ask_change") and draw.random() < 0.6:
            base["who"] = "guest"
        if kind in ("cancel", "check_in", "check_out", "no_show", "reinstate"):
            base["stays"] = draw.choice(((), (), *((room.number,) for room in model.rooms * 2), (9,)))
        return Wish(**base, **self._more(kind, model, now))

    def _good(self, kind: str, model: Model) -> dict[str, Any]:
        """What leads on: the whole balance, a room for who has none."""
        if kind == "pay":
            return {"amount": model.balance()}
        if kind == "assign":
            room = next(room for room in model.rooms if room.status == "confirmed" and not room.room)
            return {"stays": (room.number,), "room": str(100 + room.number)}
        return {}

    def _more(self, kind: str, model: Model, now: datetime) -> dict[str, Any]:
        """What commands of one kind carry."""
        draw = self.draw
        match kind:
            case "assign":
                stay = draw.choice([room.number for room in model.rooms])
                named = () if draw.random() < 0.1 else (stay,)
                return {"stays": named, "room": draw.choice(("101", "101", "102", "103", "900"))}
            case "pay":
                balance = model.balance()
                return {"amount": draw.choice((balance, balance, balance // 2, balance + 1, 0))}
            case "cancel":
                return {"waive": draw.random() < 0.15, "told": draw.choice((*[None] * 5, 0, NIGHT_MINOR))}
            case "move_clock":
                return self._moved(model, now)
            case "amend" | "extend" | "ask_change":
                goals = self.goals(model, now, longer=kind == "extend")
                return {"goals": goals, "told": 1 if kind == "amend" and draw.random() < 0.1 else None}
            case "answer_change":
                number = model.change[0] if model.change and draw.random() < 0.9 else 7
                verdict = draw.choice(("accepted", "accepted", "declined", "withdrawn"))
                return {"number": number, "verdict": verdict, "goals": self.goals(model, now)}
            case _:
                return {}

    def _moved(self, model: Model, now: datetime) -> dict[str, Any]:
        draw, clocks = self.draw, model.clocks()
        if not clocks or draw.random() < 0.15:
            return {"clock": draw.choice(STRANGE_CLOCKS), "at": now + 2 * DAY}
        moved = [clock for clock in clocks if clock.key in model.moved]
        if moved and draw.random() < 0.5:
            return {"clock": draw.choice(moved).key, "at": None}
        clock = draw.choice(clocks)
        return {"clock": clock.key, "at": self._instant(clock, now)}

    def _instant(self, clock: Clock, now: datetime) -> datetime | None:
        """Within its bounds, past them, too near, where it is, or None to put it back."""
        draw = self.draw
        first = max(now + timedelta(minutes=15), clock.earliest or now)
        inside = clock.latest
        if first < clock.latest:
            inside = (first + (clock.latest - first) * draw.random()).replace(microsecond=0)
        if clock.latest < now + timedelta(minutes=5):
            inside = clock.latest + 2 * DAY
        late, near = clock.latest + timedelta(hours=1), now + timedelta(seconds=20)
        return draw.choice((inside, inside, inside, inside, late, near, clock.at, None, None))

    def goals(self, model: Model, now: datetime, *, longer: bool = False) -> tuple[Goal, ...]:
        """A room that comes or leaves on other days or gets another type, and now and then a room more."""
        draw, today = self.draw, model.today(now)
        room = draw.choice(model.rooms)
        arrival, departure, sells = room.arrival, room.departure, room.sells
        coming = room.status in ("held", "pending", "confirmed")
        if coming and not longer and draw.random() < 0.5:
            arrival = max(today, arrival + draw.choice((-1, 1, 3)) * DAY)
            departure = arrival + draw.choice((1, 2, 3)) * DAY
        else:
            departure = max(departure + draw.choice((1, 2) if longer else (-1, 1, 2)) * DAY, today + DAY)
        departure = max(departure, arrival + DAY, room.awaited() + DAY if arrival == room.arrival else departure)
        if not longer and draw.random() < 0.15:
            sells = 3 - sells
        wanted = [self._goal(room, arrival, departure, sells)]
        if not longer and len(model.rooms) < 3 and draw.random() < 0.2:
            first = max(today, arrival)
            wanted.append(Goal(len(model.rooms) + 1, first, first + DAY, 1, (NIGHT_MINOR,)))
        return tuple(wanted)

    def _goal(self, room: Room, arrival: Any, departure: Any, sells: int) -> Goal:
        """Nights that it has keep their price, others cost an odd one."""
        new = self.draw.choice((NIGHT_MINOR, 12_345))
        nights = [arrival + n * DAY for n in range((departure - arrival).days)]
        price = tuple(room.price.get(night, new) if sells == room.sells else new for night in nights)
        return Goal(room.number, arrival, departure, sells, price)

    def arrival_of(self, model: Model) -> datetime:
        """Some hour of the first day on which somebody is awaited."""
        return resolve(model.first_day(), time(self.draw.randint(4, 21), 7), model.terms.zone)
