"""The outbox of notices: claiming a batch, and writing down what became of it.

Rule: docs/rules/notices.md. A claim is a transaction of its own; sending happens outside of any.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.booking import Booking
from domain.letters import LetterFacts
from domain.notices import BATCH, KINDS, NoticeEnd, judge, room_name
from messages.notices import ClaimedNotices
from store.letters import ADDRESS, READER, notice_of, read_letters
from store.session import Database
from store.states import read_state

# A provider's search may lag behind its sending, so a doubtful letter is looked up only after this.
LOOK_UP_AFTER = timedelta(seconds=60)
LOOK_UPS = 10

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
    SELECT reference, state FROM bookings WHERE hotel_id = :hotel_id AND reference = ANY(:references)
    ORDER BY reference FOR SHARE
""")
_LOOK = text(f"""
    SELECT n.notice_id, n.reference, n.kind, n.audience, n.stay, n.useful_until, n.attempts, n.data, n.to_email,
        {ADDRESS} AS address, s.enabled
    FROM notices n
    {READER}
    LEFT JOIN notice_settings s ON s.hotel_id = n.hotel_id AND s.kind = n.kind
    WHERE n.hotel_id = :hotel_id AND n.state = 'waiting' AND n.reference = ANY(:references) AND n.kind = ANY(:kinds)
    ORDER BY n.notice_id LIMIT 1000
""")
_TOLD = text("""
    SELECT reference, kind, data -> 'rooms' AS rooms FROM notices
    WHERE hotel_id = :hotel_id AND reference = ANY(:references) AND state = 'sent' AND data ? 'rooms'
""")
_IN_DOUBT = text("""
    SELECT notice_id, claimed_at FROM notices WHERE hotel_id = :hotel_id AND state = 'sending'
    ORDER BY claimed_at, notice_id LIMIT :most
""")
_TAKE = text("""
    UPDATE notices SET state = 'sending', state_reason = '', claimed_at = :at, attempts = attempts + 1,
        data = data || jsonb_build_object('rooms', CAST(taken.rooms AS jsonb))
    FROM unnest(CAST(:ids AS bigint[]), CAST(:rooms AS text[])) AS taken (notice_id, rooms)
    WHERE notices.hotel_id = :hotel_id AND notices.notice_id = taken.notice_id AND notices.state = 'waiting'
    RETURNING notices.notice_id
""")
_OTHERS_WAIT = text("""
    SELECT EXISTS (SELECT 1 FROM notices WHERE hotel_id = :hotel_id AND state = 'waiting' AND kind = ANY(:kinds))
""")
# The page that confirms an address is a key; once its letter has ended, no row needs it any more.
_END = text("""
    WITH ended AS (
        UPDATE notices SET state = ending.state, state_reason = ending.reason,
            provider_id = coalesce(ending.provider_id, notices.provider_id), data = data - 'link',
            sent_at = CASE ending.state WHEN 'sent' THEN CAST(:at AS timestamptz) END
        FROM unnest(CAST(:ids AS bigint[]), CAST(:states AS text[]), CAST(:reasons AS text[]), CAST(:names AS text[]))
            AS ending (notice_id, state, reason, provider_id)
        WHERE notices.hotel_id = :hotel_id AND notices.notice_id = ending.notice_id
          AND notices.state IN ('waiting', 'sending')
        RETURNING notices.notice_id, notices.reference, notices.kind, notices.state, notices.state_reason
    ), opened AS (
        INSERT INTO attention_items (hotel_id, reference, kind, notice_id, detail, opened_at)
        SELECT :hotel_id, reference, 'undeliverable', notice_id, state_reason, :at
        FROM ended WHERE notice_id = ANY(:for_people)
        ON CONFLICT DO NOTHING
    )
    SELECT kind, state FROM ended
""")
_RELEASE = text("""
    UPDATE notices SET state = 'waiting', claimed_at = NULL, attempts = greatest(attempts - :untried, 0)
    WHERE hotel_id = :hotel_id AND notice_id = ANY(:ids) AND state = 'sending'
""")
_HOLD = text("""
    UPDATE notices SET claimed_at = :at WHERE hotel_id = :hotel_id AND notice_id = ANY(:ids) AND state = 'sending'
""")

Count = Callable[[str, str], None]


@dataclass(frozen=True)
class _Verdicts:
    """What is to be done with the notices of some bookings. to_send: each with the rooms that its letter lists."""

    to_send: Mapping[int, list[str]]
    ends: tuple[NoticeEnd, ...]


class NoticeStore:
    """All SQL of sending. Instants are the caller's; hotel_id says whose rows are seen.

    count: is told kind and state of every notice that ended, once its transaction is through.
    """

    def __init__(self, database: Database, count: Count | None = None) -> None:
        self._database = database
        self._count = count

    async def claim(self, hotel_id: int, at: datetime) -> ClaimedNotices:
        """Takes the next batch: at most 50 notices, one for each booking and reader, the earliest first.

        What is no longer true, too late or has nowhere to go is ended in the same transaction. The bookings are locked
        first (shared), then looked at, so that none changes between the look and the claim.
        """
        known = {"hotel_id": hotel_id, "kinds": list(KINDS)}
        async with self._database.hotel(hotel_id) as tx:
            unclear, look_again_at = await self._in_doubt(tx, hotel_id, at)
            candidates = (await tx.execute(_CANDIDATES, {**known, "batch": BATCH})).all()
            verdicts = _Verdicts({}, ())
            if candidates:
                about = {"hotel_id": hotel_id, "references": sorted({row.reference for row in candidates})}
                states = {row.reference: row.state for row in await tx.execute(_LOCK_BOOKINGS, about)}
                bookings = {reference: read_state(state) for reference, state in states.items()}
                rows = (await tx.execute(_LOOK, {**known, **about})).all()
                told = _told_before(await tx.execute(_TOLD, about))
                verdicts = _judge(rows, {row.notice_id for row in candidates}, bookings, told, at)
            ended = await self._end(tx, hotel_id, verdicts.ends, at)
            taken: list[int] = []
            if verdicts.to_send:
                rooms = [json.dumps(names) for names in verdicts.to_send.values()]
                take = {"hotel_id": hotel_id, "ids": list(verdicts.to_send), "rooms": rooms, "at": at}
                taken = sorted((await tx.execute(_TAKE, take)).scalars())
            more = bool((await tx.execute(_OTHERS_WAIT, known)).scalar())
        self._tell(ended)
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
            return await read_letters(tx, hotel_id, notice_ids)

    async def end(self, hotel_id: int, ends: Sequence[NoticeEnd], at: datetime) -> None:
        """Writes what became of notices; one that has already ended stays as it is."""
        if ends:
            async with self._database.hotel(hotel_id) as tx:
                ended = await self._end(tx, hotel_id, ends, at)
            self._tell(ended)

    async def _end(
        self, tx: AsyncConnection, hotel_id: int, ends: Sequence[NoticeEnd], at: datetime
    ) -> list[tuple[str, str]]:
        """Kind and state of those that ended now. Where a person has to look, that is written down with it."""
        if not ends:
            return []
        ended = await tx.execute(
            _END,
            {
                "hotel_id": hotel_id,
                "at": at,
                "ids": [end.notice_id for end in ends],
                "states": [end.state for end in ends],
                "reasons": [end.reason for end in ends],
                "names": [end.provider_id for end in ends],
                "for_people": [end.notice_id for end in ends if end.needs_a_person],
            },
        )
        return [(row.kind, row.state) for row in ended]

    def _tell(self, ended: Iterable[tuple[str, str]]) -> None:
        if self._count is not None:
            for kind, state in ended:
                self._count(kind, state)

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


def _told_before(rows: Iterable[Row[Any]]) -> dict[tuple[str, str], set[str]]:
    """The rooms that letters told of before, by booking and kind."""
    told: dict[tuple[str, str], set[str]] = defaultdict(set)
    for row in rows:
        told[(row.reference, row.kind)] |= set(row.rooms)
    return told


def _judge(
    rows: Sequence[Row[Any]],
    candidates: set[int],
    bookings: Mapping[str, Booking],
    told: Mapping[tuple[str, str], set[str]],
    at: datetime,
) -> _Verdicts:
    """Which candidates are sent and which end. A later one that the same letter tells ends with it."""
    to_send: dict[int, list[str]] = {}
    ends: list[NoticeEnd] = []
    letters: dict[tuple[Any, ...], int] = {}
    for row in rows:
        booking, notice = bookings[row.reference], notice_of(row)
        moved = (notice.payment, notice.refund)
        letter = (row.reference, row.audience, row.kind, _arrival(booking, row.stay), notice.who, row.to_email, moved)
        if letter in letters:
            ends.append(NoticeEnd(row.notice_id, "dropped", f"Told in one letter with notice {letters[letter]}."))
        elif row.notice_id in candidates:
            before = told.get((row.reference, row.kind), set())
            verdict = judge(notice, booking, at, row.address, told_before=before, enabled=row.enabled is not False)
            if isinstance(verdict, NoticeEnd):
                ends.append(verdict)
            else:
                to_send[row.notice_id] = [room_name(stay) for stay in booking.stays if stay.number in verdict]
                letters[letter] = row.notice_id
    return _Verdicts(to_send, tuple(ends))


def _arrival(booking: Booking, number: int | None) -> date | None:
    stay = booking.stay(number) if number is not None else None
    return stay.arrival if stay else None
