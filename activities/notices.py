"""The hands of the notices workflow: claim a batch, send it, look up what stayed in doubt."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from temporalio import activity

from domain.notices import NoticeEnd
from messages.notices import BatchReport, ClaimedNotices, ClaimNotices, NoticeBatch

if TYPE_CHECKING:
    from domain.letters import LetterFacts
    from gateways.letters import Letters
    from gateways.mailer import Letter, Mailer, Sent
    from store.notices import NoticeStore

TRIES = 3
PAUSE_SECONDS = 0.5
HEARTBEAT_SECONDS = 4.0
NOTICE_KEY, BOOKING_KEY = "holdfast_notice", "holdfast_booking"


class NoticeActivities:
    """Notices between the outbox and the mail provider."""

    def __init__(self, store: "NoticeStore", mailer: "Mailer", letters: "Letters") -> None:
        self._store = store
        self._mailer = mailer
        self._letters = letters

    @activity.defn(name="claim_notices")
    async def claim(self, order: ClaimNotices) -> ClaimedNotices:
        """Takes the next batch; what is no longer true or has nowhere to go ends here."""
        return await self._store.claim(order.hotel_id, order.at)

    @activity.defn(name="send_notices")
    async def send(self, batch: NoticeBatch) -> BatchReport:
        """Writes and sends the letters of a claimed batch, and notes what became of each.

        What the provider certainly did not take is tried three times in all, then waits again. What may have gone out
        stays claimed: the caller holds it for a look-up.
        """
        async with _sign_of_life():
            letters, ends = self._write(await self._store.read(batch.hotel_id, batch.notice_ids))
            outcomes = await self._send(letters)
            for notice_id, sent in outcomes.items():
                if sent.outcome == "sent":
                    ends.append(NoticeEnd(notice_id, "sent", provider_id=sent.provider_id))
                elif sent.outcome == "refused":
                    ends.append(NoticeEnd(notice_id, "undeliverable", f"Refused ({sent.code}): {sent.text}"))
            await self._store.end(batch.hotel_id, ends, batch.at)
            waiting = [notice_id for notice_id, sent in outcomes.items() if sent.outcome == "busy"]
            await self._store.release(batch.hotel_id, waiting, tried=False)
        troubles = [sent.text for sent in outcomes.values() if sent.outcome in {"busy", "unclear"}]
        return BatchReport(
            sent=sum(end.state == "sent" for end in ends),
            undeliverable=sum(end.state == "undeliverable" for end in ends),
            trouble=troubles[0] or "The provider took no more." if troubles else "",
            unclear=any(sent.outcome == "unclear" for sent in outcomes.values()),
        )

    @activity.defn(name="look_up_notices")
    async def look_up(self, batch: NoticeBatch) -> BatchReport:
        """Asks the provider for letters whose sending ended in doubt: found ones are sent, absent ones wait again."""
        async with _sign_of_life():
            facts = await self._store.read(batch.hotel_id, batch.notice_ids)
            ends: list[NoticeEnd] = []
            absent: list[int] = []
            trouble = ""
            for fact in facts:
                found = await self._mailer.find(NOTICE_KEY, notice_name(batch.hotel_id, fact.notice.notice_id))
                if found.outcome == "busy":
                    trouble = found.text or "The provider could not be asked."
                    break
                # Another system's letter under the same number is not this one.
                if found.outcome == "found" and found.metadata.get(BOOKING_KEY) == fact.booking.reference:
                    ends.append(NoticeEnd(fact.notice.notice_id, "sent", provider_id=found.provider_id))
                else:
                    absent.append(fact.notice.notice_id)
            await self._store.end(batch.hotel_id, ends, batch.at)
            await self._store.release(batch.hotel_id, absent, tried=True)
        return BatchReport(sent=len(ends), trouble=trouble)

    @activity.defn(name="hold_notices")
    async def hold(self, batch: NoticeBatch) -> None:
        """Keeps notices whose sending ended in doubt for a look-up later."""
        await self._store.hold(batch.hotel_id, batch.notice_ids, batch.at)

    def _write(self, facts: Sequence["LetterFacts"]) -> tuple[dict[int, "Letter"], list[NoticeEnd]]:
        """The letters by notice. One that can't be written ends alone and never stops the others."""
        letters: dict[int, Letter] = {}
        ends: list[NoticeEnd] = []
        for fact in facts:
            if not fact.told:
                ends.append(NoticeEnd(fact.notice.notice_id, "dropped", f"No longer true: {fact.booking.status}."))
                continue
            try:
                letters[fact.notice.notice_id] = self._letters.write(fact)
            except Exception as error:
                activity.logger.exception("A letter could not be written: notice %s.", fact.notice.notice_id)
                why = f"The letter could not be written: {type(error).__name__}."
                ends.append(NoticeEnd(fact.notice.notice_id, "undeliverable", why))
        return letters, ends

    async def _send(self, letters: dict[int, "Letter"]) -> dict[int, "Sent"]:
        """Sends, and again what was certainly not taken, until something is in doubt or the tries are used up."""
        outcomes: dict[int, Sent] = {}
        left = list(letters)
        for attempt in range(TRIES):
            if not left:
                break
            if attempt:
                await asyncio.sleep(PAUSE_SECONDS * attempt)
            sent = await self._mailer.send([letters[notice_id] for notice_id in left])
            outcomes.update(zip(left, sent, strict=True))
            if any(one.outcome == "unclear" for one in sent):
                break
            left = [notice_id for notice_id in left if outcomes[notice_id].outcome == "busy"]
        return outcomes


def notice_name(hotel_id: int, notice_id: int) -> str:
    """A notice's name at the provider."""
    return f"{hotel_id}.{notice_id}"


@asynccontextmanager
async def _sign_of_life() -> AsyncIterator[None]:
    """Heartbeats while the work goes on, so that a dead worker is noticed long before the work's own limit."""

    async def beat() -> None:
        while True:
            activity.heartbeat()
            await asyncio.sleep(HEARTBEAT_SECONDS)

    beating = asyncio.create_task(beat())
    try:
        yield
    finally:
        beating.cancel()
