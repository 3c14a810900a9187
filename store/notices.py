"""The outbox of notices: claiming a batch, reading what letters say, and writing down what became of it.

Rule: docs/rules/notices.md. A claim is a transaction of its own; sending happens outside of any.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.booking import Booking, Status
from domain.notices import (
    BATCH,
    KINDS,
    MOST_ATTEMPTS,
    HotelCard,
    LetterFacts,
    NightPrice,
    NoticeEnd,
    NoticeKind,
    RoomFacts,
    TaxTotal,
    address_trouble,
    is_too_late,
    still_true,
)
from messages.notices import ClaimedNotices
from store.session import Database, adapter

# A provider's search may lag behind its sending, so a doubtful letter is looked up only after this.
LOOK_UP_AFTER = timedelta(seconds=60)
LOOK_UPS = 10
_BOOKING = adapter(Booking)

# Hotels with something to send, over all of them: asked in the reading role of operations.
HOTELS_WAITING = (
    "SELECT DISTINCT hotel_id FROM notices WHERE state IN ('waiting', 'sending') ORDER BY hotel_id LIMIT 10000"
)

_CANDIDATES = text("""
    SELECT n.notice_id, n.reference FROM notices n
    WHERE n.hotel_id = :hotel_id AND n.state = 'waiting' AND n.kind = ANY(:kinds) AND NOT EXISTS (
        SELECT 1 FROM notices e
        WHERE e.hotel_id = n.hotel_id AND e.reference = n.reference AND e.audience = n.audience
          AND e.notice_id < n.notice_id AND e.state IN ('waiting', 'sending') AND e.kind = ANY(:kinds)
    )
    ORDER BY n.notice_id LIMIT :batch
""")
_LOCK_BOOKINGS = text("""
    SELECT reference FROM bookings WHERE hotel_id = :hotel_id AND reference = ANY(:references)
    ORDER BY reference FOR SHARE
""")
_LOOK = text("""
    SELECT n.notice_id, n.reference, n.kind, n.audience, n.useful_until, n.attempts, b.status,
        CASE n.audience WHEN 'staff' THEN h.email ELSE g.email END AS address,
        named.arrival, coalesce(named.statuses, everyone.statuses) AS statuses
    FROM notices n
    JOIN bookings b ON b.hotel_id = n.hotel_id AND b.reference = n.reference
    JOIN hotels h ON h.hotel_id = n.hotel_id
    JOIN guests g ON g.hotel_id = b.hotel_id AND g.guest_id = b.guest_id
    LEFT JOIN LATERAL (
        SELECT s.arrival, ARRAY[s.status] AS statuses FROM stays s
        WHERE s.hotel_id = n.hotel_id AND s.reference = n.reference AND s.stay = n.stay
    ) named ON true
    LEFT JOIN LATERAL (
        SELECT array_agg(s.status) AS statuses FROM stays s
        WHERE s.hotel_id = n.hotel_id AND s.reference = n.reference
    ) everyone ON true
    WHERE n.hotel_id = :hotel_id AND n.state = 'waiting' AND n.reference = ANY(:references) AND n.kind = ANY(:kinds)
    ORDER BY n.notice_id LIMIT 1000
""")
_IN_DOUBT = text("""
    SELECT notice_id, claimed_at FROM notices WHERE hotel_id = :hotel_id AND state = 'sending'
    ORDER BY claimed_at, notice_id LIMIT :most
""")
_TAKE = text("""
    UPDATE notices SET state = 'sending', state_reason = '', claimed_at = :at, attempts = attempts + 1
    WHERE hotel_id = :hotel_id AND notice_id = ANY(:ids) AND state = 'waiting' RETURNING notice_id
""")
_OTHERS_WAIT = text("""
    SELECT EXISTS (SELECT 1 FROM notices WHERE hotel_id = :hotel_id AND state = 'waiting' AND kind = ANY(:kinds))
""")
_END = text("""
    UPDATE notices SET state = ended.state, state_reason = ended.reason, provider_id = ended.provider_id,
        sent_at = CASE ended.state WHEN 'sent' THEN CAST(:at AS timestamptz) END
    FROM unnest(CAST(:ids AS bigint[]), CAST(:states AS text[]), CAST(:reasons AS text[]), CAST(:names AS text[]))
        AS ended (notice_id, state, reason, provider_id)
    WHERE notices.hotel_id = :hotel_id AND notices.notice_id = ended.notice_id
      AND notices.state IN ('waiting', 'sending')
""")
_RELEASE = text("""
    UPDATE notices SET state = 'waiting', claimed_at = NULL, attempts = greatest(attempts - :untried, 0)
    WHERE hotel_id = :hotel_id AND notice_id = ANY(:ids) AND state = 'sending'
""")
_HOLD = text("""
    UPDATE notices SET claimed_at = :at WHERE hotel_id = :hotel_id AND notice_id = ANY(:ids) AND state = 'sending'
""")
_CLAIMED = text("""
    SELECT n.notice_id, n.kind, n.stay AS named_stay, n.reference, b.state, b.special_requests, b.token_generation,
        g.name AS guest_name, coalesce(g.email, '') AS guest_email, coalesce(g.phone, '') AS guest_phone,
        h.name, h.city, h.address, h.phone, h.email
    FROM notices n
    JOIN bookings b ON b.hotel_id = n.hotel_id AND b.reference = n.reference
    JOIN hotels h ON h.hotel_id = n.hotel_id
    JOIN guests g ON g.hotel_id = b.hotel_id AND g.guest_id = b.guest_id
    WHERE n.hotel_id = :hotel_id AND n.notice_id = ANY(:ids) AND n.state = 'sending'
    ORDER BY n.notice_id
""")
_ROOMS = text("""
    SELECT s.reference, s.stay, t.name AS room_type, p.name AS rate_plan, p.meal_plan, s.adults, s.children_ages
    FROM stays s
    JOIN room_types t ON t.hotel_id = s.hotel_id AND t.room_type_id = s.room_type_id
    JOIN rate_plans p ON p.hotel_id = s.hotel_id AND p.rate_plan_id = s.rate_plan_id
    WHERE s.hotel_id = :hotel_id AND s.reference = ANY(:references)
    ORDER BY s.reference, s.stay
""")
_LINES = text("""
    SELECT reference, stay, kind, night, name, included, amount_minor FROM nightly_lines
    WHERE hotel_id = :hotel_id AND reference = ANY(:references)
    ORDER BY reference, stay, line
""")


@dataclass(frozen=True)
class _Verdicts:
    """What is to be done with the notices of some bookings."""

    to_send: tuple[int, ...]
    ends: tuple[NoticeEnd, ...]


class NoticeStore:
    """All SQL about notices. Instants are the caller's; hotel_id says whose rows are seen."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim(self, hotel_id: int, at: datetime) -> ClaimedNotices:
        """Takes the next batch: at most 50 notices, one for each booking and reader, the earliest first.

        What is no longer true, too late or has nowhere to go is ended in the same transaction. The bookings are locked
        first (shared), then looked at, so that none changes between the look and the claim.
        """
        known = {"hotel_id": hotel_id, "kinds": list(KINDS)}
        async with self._database.hotel(hotel_id) as tx:
            unclear, look_again_at = await self._in_doubt(tx, hotel_id, at)
            candidates = (await tx.execute(_CANDIDATES, {**known, "batch": BATCH})).all()
            verdicts = _Verdicts((), ())
            if candidates:
                references = sorted({row.reference for row in candidates})
                await tx.execute(_LOCK_BOOKINGS, {"hotel_id": hotel_id, "references": references})
                rows = (await tx.execute(_LOOK, {**known, "references": references})).all()
                verdicts = _judge(rows, {row.notice_id for row in candidates}, at)
                await self._end(tx, hotel_id, verdicts.ends, at)
            taken: list[int] = []
            if verdicts.to_send:
                found = await tx.execute(_TAKE, {"hotel_id": hotel_id, "ids": list(verdicts.to_send), "at": at})
                taken = sorted(found.scalars())
            more = bool((await tx.execute(_OTHERS_WAIT, known)).scalar())
        return ClaimedNotices(tuple(taken), unclear, len(verdicts.ends), more, look_again_at)

    async def _in_doubt(
        self, tx: AsyncConnection, hotel_id: int, at: datetime
    ) -> tuple[tuple[int, ...], datetime | None]:
        """Notices that an earlier sending left in doubt: those ripe for a look, and when the next one is."""
        rows = (await tx.execute(_IN_DOUBT, {"hotel_id": hotel_id, "most": LOOK_UPS + 1})).all()
        ripe = [row.notice_id for row in rows if row.claimed_at is None or row.claimed_at + LOOK_UP_AFTER <= at]
        later = [row.claimed_at + LOOK_UP_AFTER for row in rows if row.notice_id not in ripe]
        return tuple(ripe[:LOOK_UPS]), min(later, default=None)

    async def read(self, hotel_id: int, notice_ids: Sequence[int]) -> list[LetterFacts]:
        """What the letters of claimed notices are written from, in the notices' order; others are left out."""
        async with self._database.hotel(hotel_id) as tx:
            claimed = (await tx.execute(_CLAIMED, {"hotel_id": hotel_id, "ids": list(notice_ids)})).all()
            about = {"hotel_id": hotel_id, "references": sorted({row.reference for row in claimed})}
            rooms = (await tx.execute(_ROOMS, about)).all() if claimed else []
            lines = (await tx.execute(_LINES, about)).all() if claimed else []
        rooms_of: dict[str, list[Row[Any]]] = defaultdict(list)
        lines_of: dict[tuple[str, int], list[Row[Any]]] = defaultdict(list)
        for room in rooms:
            rooms_of[room.reference].append(room)
        for line in lines:
            lines_of[(line.reference, line.stay)].append(line)
        return [_facts(hotel_id, row, rooms_of[row.reference], lines_of) for row in claimed]

    async def end(self, hotel_id: int, ends: Sequence[NoticeEnd], at: datetime) -> None:
        """Writes what became of notices; one that has already ended stays as it is."""
        if ends:
            async with self._database.hotel(hotel_id) as tx:
                await self._end(tx, hotel_id, ends, at)

    async def _end(self, tx: AsyncConnection, hotel_id: int, ends: Sequence[NoticeEnd], at: datetime) -> None:
        if ends:
            await tx.execute(
                _END,
                {
                    "hotel_id": hotel_id,
                    "at": at,
                    "ids": [end.notice_id for end in ends],
                    "states": [end.state for end in ends],
                    "reasons": [end.reason for end in ends],
                    "names": [end.provider_id for end in ends],
                },
            )

    async def release(self, hotel_id: int, notice_ids: Sequence[int], *, tried: bool) -> None:
        """Lets claimed notices wait again. tried: whether the provider may have seen them; that stays an attempt."""
        if notice_ids:
            async with self._database.hotel(hotel_id) as tx:
                given = {"hotel_id": hotel_id, "ids": list(notice_ids), "untried": 0 if tried else 1}
                await tx.execute(_RELEASE, given)

    async def hold(self, hotel_id: int, notice_ids: Sequence[int], at: datetime) -> None:
        """Keeps claimed notices in doubt from `at` on; a claim hands them out for a look-up after LOOK_UP_AFTER."""
        if notice_ids:
            async with self._database.hotel(hotel_id) as tx:
                await tx.execute(_HOLD, {"hotel_id": hotel_id, "ids": list(notice_ids), "at": at})


def _judge(rows: Sequence[Row[Any]], candidates: set[int], at: datetime) -> _Verdicts:
    """Which candidates are sent and which end. A later one that the same letter tells ends with it."""
    to_send: list[int] = []
    ends: list[NoticeEnd] = []
    letters: dict[tuple[str, str, str, date | None], int] = {}
    for row in rows:
        letter = (row.reference, row.audience, row.kind, row.arrival)
        if letter in letters:
            ends.append(NoticeEnd(row.notice_id, "dropped", f"Told in one letter with notice {letters[letter]}."))
        elif row.notice_id in candidates:
            end = _why_not(row, at)
            if end:
                ends.append(end)
            else:
                to_send.append(row.notice_id)
                letters[letter] = row.notice_id
    return _Verdicts(tuple(to_send), tuple(ends))


def _why_not(row: Row[Any], at: datetime) -> NoticeEnd | None:
    """How a notice ends without being sent; None when it can be."""
    if not still_true(NoticeKind(row.kind), Status(row.status), [Status(word) for word in row.statuses or ()]):
        return NoticeEnd(row.notice_id, "dropped", f"No longer true: the booking is {row.status}.")
    if is_too_late(row.useful_until, at):
        return NoticeEnd(row.notice_id, "dropped", f"Too late: it was useful until {row.useful_until:%Y-%m-%dT%H:%MZ}.")
    if trouble := address_trouble(row.address):
        return NoticeEnd(row.notice_id, "undeliverable", trouble)
    if row.attempts >= MOST_ATTEMPTS:
        return NoticeEnd(row.notice_id, "undeliverable", f"{MOST_ATTEMPTS} attempts ended without a clear answer.")
    return None


def _facts(
    hotel_id: int,
    row: Row[Any],
    rooms: Iterable[Row[Any]],
    lines_of: dict[tuple[str, int], list[Row[Any]]],
) -> LetterFacts:
    booking = _BOOKING.validate_python(row.state)
    by_number = {room.stay: room for room in rooms}
    return LetterFacts(
        notice_id=row.notice_id,
        kind=NoticeKind(row.kind),
        named_stay=row.named_stay,
        booking=booking,
        hotel=HotelCard(hotel_id, row.name, row.city, row.address, row.phone, row.email),
        rooms=tuple(
            RoomFacts(
                stay=stay,
                room_type=by_number[stay.number].room_type,
                rate_plan=by_number[stay.number].rate_plan,
                meal_plan=by_number[stay.number].meal_plan,
                adults=by_number[stay.number].adults,
                children_ages=tuple(by_number[stay.number].children_ages),
                nights=_nights(lines_of[(row.reference, stay.number)]),
                taxes=_taxes(lines_of[(row.reference, stay.number)]),
            )
            for stay in booking.stays
        ),
        guest_name=row.guest_name,
        guest_email=row.guest_email,
        guest_phone=row.guest_phone,
        special_requests=row.special_requests,
        token_generation=row.token_generation,
    )


def _nights(lines: Iterable[Row[Any]]) -> tuple[NightPrice, ...]:
    """The room's price of each night; several room lines of one night are one price."""
    prices: dict[date, int] = defaultdict(int)
    for line in lines:
        if line.kind == "room":
            prices[line.night] += line.amount_minor
    return tuple(NightPrice(night, prices[night]) for night in sorted(prices))


def _taxes(lines: Iterable[Row[Any]]) -> tuple[TaxTotal, ...]:
    """Each tax summed over the stay, in the order in which its first line stands."""
    totals: dict[tuple[str, bool], int] = defaultdict(int)
    for line in lines:
        if line.kind == "tax":
            totals[(line.name, line.included)] += line.amount_minor
    return tuple(TaxTotal(name, amount, included) for (name, included), amount in totals.items())
