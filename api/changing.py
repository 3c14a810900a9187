"""Acts of changing a booking, by the desk or its guest, and wishes that only the hotel may grant.

What a change comes to is told in api/amending.py; how a command is judged is in api/commands.py.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from fastapi import Request

from api.amending import Priced, change_of, check_quote, extension, wish_text
from api.callers import AtDesk
from api.commands import Wish, carry_out, meant
from api.house import House
from api.idempotency import Once, once_for_command
from api.shapes.amending import AmendBody, ChangeRequestBody, DeskAmendBody, ExtendBody
from api.shapes.commands import DeskCommand
from domain.booking import Actor
from domain.checks import check_change_number
from domain.lifecycle import Action, check_managers_word
from domain.refusals import rule
from messages.bookings import Amend, AnswerChange, AskChange, Asked, Command
from store.booking_reads import BookingRecord, read_change_plans

GUEST = Actor("guest")
_VERDICTS = {"accept": "accepted", "decline": "declined", "withdraw": "withdrawn"}


@dataclass(frozen=True)
class Asker:
    """Who changes which booking: the guest, or a member of staff where `desk` is given."""

    house: House
    request: Request
    record: BookingRecord
    desk: AtDesk | None = None

    @property
    def actor(self) -> Actor:
        """Who is written down."""
        return self.desk.actor if self.desk else GUEST

    async def amend(self, body: AmendBody) -> BookingRecord:
        """Dates, types, plans, guests or rooms change. Errors: those of api.amending; 403 role_missing."""
        return await self._amend(body, self._once(body, Action.AMEND), Action.AMEND, "amended")

    async def extend(self, body: ExtendBody) -> BookingRecord:
        """A stay gets longer. Errors: as `amend`; 422 not_longer."""
        once = self._once(body, Action.EXTEND)
        longer = await meant(self.house, self.record, once, lambda: extension(self.record.state, body))
        if longer is None:
            return self.record
        return await self._amend(longer, once, Action.EXTEND, "extended")

    def _once(self, sent: AmendBody | ExtendBody, action: Action) -> Once:
        """What makes the request the same request when it is repeated: the body as it was sent."""
        named = action.value if self.desk else f"guest-{action.value}"
        return once_for_command(self.request, named, sent.version, sent)

    async def _amend(self, body: AmendBody, once: Once, action: Action, what: str) -> BookingRecord:
        by_guest = self.desk is None
        oversell = isinstance(body, DeskAmendBody) and body.oversell
        if isinstance(body, DeskAmendBody) and body.pricing == "override":
            check_managers_word(self.actor, "A price of one's own")
        if oversell:
            check_managers_word(self.actor, "Overselling")

        async def made(asked: Asked) -> Command:
            priced = await self._priced(body, oversell=oversell)
            check_quote(self.house, self.record, body, priced, by_guest=by_guest)
            return Amend(asked, priced.plans, what, priced.total_minor, priced.fee_minor, oversell)

        wish = Wish(
            action=action,
            once=once,
            actor=self.actor,
            channel="web" if by_guest else "desk",
            make=made,
            version=body.version,
            reason=body.reason,
            stays=[each.stay for each in body.stays],
        )
        return await carry_out(self.house, self.record, wish)

    async def _priced(self, body: AmendBody, *, oversell: bool = False, asks: bool = False) -> Priced:
        by_guest = self.desk is None
        return await change_of(self.house, self.record, body, by_guest=by_guest, asks=asks, past_full=oversell)

    async def ask(self, body: ChangeRequestBody) -> BookingRecord:
        """The guest asks for a change. Errors: those of api.amending; 422 nothing_changes for an empty wish."""
        named = bool(body.stays or body.add)
        if not named and not body.text:
            raise rule("nothing_changes", "Say what should change: stays, rooms to add, or a text.", "stays")

        async def made(asked: Asked) -> Command:
            if not named:
                owed = self.record.state.owed_minor
                return AskChange(asked, wish_text(body), body.text, (), owed, owed)
            priced = await self._priced(body, asks=True)
            change = priced.change
            return AskChange(asked, wish_text(body), body.text, priced.plans, change.before_minor, change.after_minor)

        once = once_for_command(self.request, "change-request", body.version, body)
        return await self._wish(Action.ASK_CHANGE, once, made, body.version, body.reason)

    async def answer(self, number: int, verdict: str, body: DeskCommand) -> BookingRecord:
        """The hotel grants or declines what was asked, or the guest takes it back. verdict: accept, decline, withdraw.

        Errors: 409 change_not_open, and those of the change itself.
        """

        async def made(asked: Asked) -> Command:
            check_change_number(self.record.state, number)
            plans = ()
            if verdict == "accept":
                async with self.house.database.hotel(self.record.hotel_id) as tx:
                    plans = await read_change_plans(tx, self.record.hotel_id, self.record.reference, number) or ()
            return AnswerChange(asked, number, _VERDICTS[verdict], plans)

        once = once_for_command(self.request, f"change-{number}-{verdict}", body.version, body)
        return await self._wish(Action.ANSWER_CHANGE, once, made, body.version, body.reason)

    async def _wish(
        self, action: Action, once: Once, made: Callable[[Asked], Awaitable[Command]], version: int, reason: str
    ) -> BookingRecord:
        wish = Wish(
            action=action,
            once=once,
            actor=self.actor,
            channel="desk" if self.desk else "web",
            make=made,
            version=version,
            reason=reason,
        )
        return await carry_out(self.house, self.record, wish)
