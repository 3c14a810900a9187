"""What answers promise, held against what is written: each yes is kept, each no did nothing, nothing was done twice."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.whole.audit import Connection, looked
from tests.whole.storm.ledger import Asking, Life

# The events by which a wish is known to have been carried out.
EVENTS = {
    "approve": ("approved",),
    "decline": ("declined",),
    "cancel": ("cancelled", "withdrawn"),
    "confirm": ("confirmed",),
    "extend": ("extended",),
    "assign-room": ("room_assigned",),
    "check-in": ("checked_in",),
    "check-out": ("checked_out",),
    "payments": ("payment_received",),
}
# Another may have done these before; then the answer is a yes and nothing is done for it.
MAY_BE_OLD_NEWS = ("approve", "assign-room")


@dataclass(frozen=True)
class Written:
    """What the rows tell, by e-mail or by booking."""

    bookings: dict[str, list[Any]]
    events: dict[str, dict[int, Any]]
    keys: dict[str, dict[str, int]]
    payments: dict[str, list[int]]
    notes: dict[str, int]

    @classmethod
    def read(cls, db: Connection) -> "Written":
        """Everything at once."""
        bookings: dict[str, list[Any]] = defaultdict(list)
        events: dict[str, dict[int, Any]] = defaultdict(dict)
        for row in looked(
            db,
            "SELECT g.email, b.reference, b.status, b.version, b.create_key, b.paid_minor FROM bookings b"
            " JOIN guests g USING (hotel_id, guest_id) ORDER BY b.reference",
        ):
            bookings[row.email].append(row)
        for row in looked(db, "SELECT reference, seq, what, status_after FROM booking_events ORDER BY seq"):
            events[row.reference][row.seq] = row
        keys: dict[str, dict[str, int]] = defaultdict(dict)
        payments: dict[str, list[int]] = defaultdict(list)
        for row in looked(db, "SELECT reference, key, seq FROM command_keys"):
            keys[row.reference][row.key] = row.seq
        for row in looked(db, "SELECT reference, amount_minor FROM payments WHERE how = 'desk'"):
            payments[row.reference].append(row.amount_minor)
        noted = looked(db, "SELECT reference, count(*) AS many FROM booking_notes GROUP BY reference")
        return cls(bookings, events, keys, payments, {row.reference: row.many for row in noted})


def broken(life: Life, written: Written) -> list[str]:
    """The promises to this life's client that were not kept, in words."""
    return [f"{life.path} {life.email} {life.reference}: {what}" for what in _broken(life, written)]


def _broken(life: Life, written: Written) -> Iterator[str]:
    if life.trouble:
        yield life.trouble
    made = written.bookings.get(life.email, [])
    wanted = len(life.granted("create"))
    if len(made) != wanted:
        yield f"{wanted} bookings were asked for and {len(made)} are there"
    for row in made:
        if row.reference == life.reference:
            yield from _kept(life, row, written)


def _kept(life: Life, row: Any, written: Written) -> Iterator[str]:
    events, keys = written.events[life.reference], written.keys.get(life.reference, {})
    reached = {event.status_after for event in events.values()}
    for asking in life.askings:
        if asking.granted and "status" in asking.body:
            if asking.body["status"] not in reached:
                yield f"{asking.word} was answered {asking.body['status']}, which it never was"
            if asking.body["version"] > row.version:
                yield f"{asking.word} was answered version {asking.body['version']}, and it is at {row.version}"
        yield from _carried_out(asking, row, events, keys)
    paid = Counter(asking.amount_minor for asking in life.granted("payments"))
    if paid != Counter(written.payments.get(life.reference, [])):
        yield f"{dict(paid)} were paid and {written.payments.get(life.reference, [])} are written"
    if written.notes.get(life.reference, 0) != len(life.granted("notes")):
        yield f"{len(life.granted('notes'))} notes were written and {written.notes.get(life.reference, 0)} are there"
    if not life.trouble and row.status not in life.ends:
        yield f"it should have come to {' or '.join(life.ends)}, and it is {row.status}"
    for word, whats in EVENTS.items():
        told = [event.seq for event in events.values() if event.what in whats]
        if len(told) > len(life.granted(word)):
            yield f"{word} was granted {len(life.granted(word))} times and done {len(told)} times"


def _carried_out(asking: Asking, row: Any, events: dict[int, Any], keys: dict[str, int]) -> Iterator[str]:
    """A yes has its one event, a no has none. A wish that nobody answered may be either."""
    if asking.word == "create":
        done = row.create_key in asking.keys
        if done and asking.status and not asking.granted:
            yield f"create was answered {asking.status}, and it was done"
        return
    if asking.word not in EVENTS or not asking.status:
        return
    steps = [events[keys[key]].what for key in asking.keys if key in keys]
    if not asking.granted and steps:
        yield f"{asking.word} was answered {asking.status}, and it was done"
    if asking.granted and not steps and asking.word not in MAY_BE_OLD_NEWS:
        yield f"{asking.word} was answered with a yes, and nothing was done"
    yield from (f"{asking.word} made the event {what}" for what in steps if what not in EVENTS[asking.word])
