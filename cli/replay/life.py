"""One booking of the file, lived over HTTP; its own clock is moved to the moments at which something happened."""

import asyncio
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from temporalio.client import Client
from temporalio.testing import TimeSkipper

from cli.replay.demand import Outcome, Row, Wave
from cli.replay.resort import FLEX, NREF, TERMS
from cli.replay.web import NotDone, Web
from domain.clocks import resolve
from domain.terms import no_show_at
from messages.names import workflow_id

CANCELS_AT, ARRIVES_AT, LEAVES_AT = time(12, 30), time(16), time(10, 30)
JUMP_SECONDS = 240.0
REACH_SECONDS = 120.0
LOOK_EVERY_SECONDS = 0.1
ROOM_TRIES = 10
A_DAY = timedelta(days=1)
A_MOMENT = timedelta(seconds=1)
READY = {"clean", "inspected"}


@dataclass
class Desk:
    """What every booking of a replay shares: the hotel, its desk's login, and the shift from the file's dates.

    being_given: rooms that were just named for somebody, so that no two arrivals of a moment want the same one.
    """

    slug: str
    token: str
    shift: timedelta
    web: Web
    skipper: TimeSkipper
    client: Client
    being_given: set[str] = field(default_factory=set)


@dataclass
class Life:
    """A booking from the search to its end. seen: the last answer about it."""

    row: Row
    desk: Desk
    seen: dict[str, Any] = field(default_factory=dict)
    token: str = ""
    amends: int = 0

    @property
    def reference(self) -> str:
        """The booking's reference; empty until it is made."""
        return str(self.seen.get("reference", ""))

    def day(self, real: date) -> date:
        """A date of the file as it is here."""
        return real + self.desk.shift

    async def book(self) -> None:
        """Looks for the room and asks for it, then changes the booking as often as the file tells.

        Each change turns it from what it became to something smaller or back, so that it ends as the file has it.
        """
        row, smaller = self.row, self.row.changes % 2 == 1
        departure, adults = self._terms(smaller)
        asked: dict[str, object] = {
            "arrival": self.day(row.arrival),
            "departure": self.day(departure),
            "adults": adults,
        }
        if row.children_ages:
            asked["children_ages"] = ",".join(str(age) for age in row.children_ages)
        found = await self.desk.web.get(f"/hotels/{self.desk.slug}/availability", asked=asked)
        plan = NREF if row.non_refundable else FLEX
        offers = [one for one in found["offers"] if (one["room_type"], one["rate_plan"]) == (row.room_type, plan)]
        if not offers:
            closed = [one["reasons"] for one in found["closed"] if one["room_type"] == row.room_type]
            raise NotDone(f"type {row.room_type} is not offered for {asked}: {closed}")
        body = {
            "hotel": self.desk.slug,
            "offers": [{"offer_id": offers[0]["offer_id"]}],
            "guest": {"name": f"Guest of line {row.line}", "email": f"line-{row.line}@{self.desk.slug}.example"},
        }
        self.seen = (await self.desk.web.post("/bookings", body, key=f"line-{row.line}")).body
        self.token = self.seen["access_token"]
        for n in range(row.changes):
            smaller = not smaller
            await (self._change_by_desk(smaller) if n % 2 else self._change_by_guest(smaller))

    def _terms(self, smaller: bool) -> tuple[date, int]:
        """Departure and adults: as the file has them, or a night less (a single night: another number of adults)."""
        row = self.row
        if not smaller:
            return row.departure, row.adults
        if row.nights > 1:
            return row.departure - A_DAY, row.adults
        return row.departure, row.adults - 1 if row.adults > 1 else row.adults + 1

    def _wanted(self, smaller: bool) -> dict[str, Any]:
        departure, adults = self._terms(smaller)
        stay = {"stay": 1, "departure": str(self.day(departure)), "adults": adults}
        self.amends += 1
        return {"version": self.seen["version"], "stays": [stay]}

    async def _change_by_guest(self, smaller: bool) -> None:
        """The guest looks what the change would come to, and makes it at that price."""
        body, place = self._wanted(smaller), f"/bookings/{self.reference}/amend"
        quoted = await self.desk.web.post(f"{place}?dry_run=true", body, self.token)
        body["quote_id"] = quoted.body["quote_id"]
        answer = await self.desk.web.post(place, body, self.token, f"change-{self.amends}")
        self.seen |= answer.body

    async def _change_by_desk(self, smaller: bool) -> None:
        await self._act("amend", {**self._wanted(smaller), "reason": "The guest called."}, f"change-{self.amends}")

    async def cancel(self) -> None:
        """Gives the room up on its real date: who booked directly by the link, the others through the desk."""
        await self.reach(self.moment(Wave.CANCELLING))
        body = {"version": self.seen["version"], "reason": "A change of plans."}
        if self.row.by_guest:
            answer = await self.desk.web.post(f"/bookings/{self.reference}/cancel", body, self.token, "cancel")
            self.seen |= answer.body
        else:
            await self._act("cancel", body)

    async def arrive(self) -> None:
        """On the real day of arrival: a room is chosen and given, the guests get their keys."""
        await self.reach(self.moment(Wave.ARRIVING))
        room, is_clean = await self._room()
        # Housekeeping has no words of its own over HTTP, so the desk says that the room was seen to.
        reason = {} if is_clean else {"reason": f"Room {room} has been cleaned since."}
        await self._act("check-in", {"version": self.seen["version"], **reason})

    async def leave(self) -> None:
        """On the real day of departure: the guests pay and give the keys back."""
        await self.reach(self.moment(Wave.ENDING))
        balance = self.seen["balance"]
        if balance["amount_minor"] > 0:
            body = {"version": self.seen["version"], "method": "card_terminal", "amount": balance}
            await self._act("payments", body)
        await self._act("check-out", {"version": self.seen["version"]})

    async def settle(self) -> None:
        """The books close by their own clock."""
        await self.reach(self.moment(Wave.ENDING) + timedelta(seconds=2 * TERMS.close_after_seconds))
        await self._becomes("completed")

    async def miss(self) -> None:
        """Nobody comes, nobody says so: the booking's own clock rings at the night audit."""
        await self.reach(self.moment(Wave.ENDING))
        await self._becomes("no_show")

    async def look(self) -> dict[str, Any]:
        """The booking as the desk sees it now."""
        self.seen |= await self.desk.web.get(f"/desk/bookings/{self.reference}", self.desk.token)
        return self.seen

    async def reach(self, instant: datetime) -> None:
        """Lets the booking's clock run on to just past this instant, through every clock that rings before."""
        skipper = self.desk.skipper
        handle = self.desk.client.get_workflow_handle(workflow_id(self.reference))
        async with asyncio.timeout(JUMP_SECONDS):
            behind = instant - await skipper.get_current_time(handle)
            if behind > timedelta(0):
                await skipper.fast_forward(handle, behind + A_MOMENT)

    def moment(self, wave: Wave) -> datetime:
        """When its part of a wave happens, by the hotel's clock."""
        row = self.row
        if wave is Wave.CANCELLING:
            return self._at(min(row.ended_on, row.arrival), CANCELS_AT)
        if wave is Wave.ARRIVING:
            return self._at(row.arrival, ARRIVES_AT)
        if row.outcome is Outcome.MISSED:
            return no_show_at(TERMS, self.day(row.arrival))
        return self._at(row.departure, LEAVES_AT)

    def _at(self, real: date, wall: time) -> datetime:
        return resolve(self.day(real), wall, TERMS.zone)

    async def _becomes(self, status: str) -> None:
        async with asyncio.timeout(REACH_SECONDS):
            while (await self.look())["status"] != status:
                await asyncio.sleep(LOOK_EVERY_SECONDS)

    async def _room(self) -> tuple[str, bool]:
        """Chooses a free room of the type, a clean one where there is one; answers its number and whether it is."""
        nights: dict[str, object] = {"arrival": self.day(self.row.arrival), "departure": self.day(self.row.departure)}
        for _ in range(ROOM_TRIES):
            found = await self.desk.web.get("/desk/rooms", self.desk.token, {"room_type": self.row.room_type, **nights})
            free = [one for one in found["items"] if one["free"] and one["room"] not in self.desk.being_given]
            if free:
                best = min(free, key=lambda one: one["housekeeping"] not in READY)
                if await self._is_given(best["room"]):
                    return best["room"], best["housekeeping"] in READY
            await asyncio.sleep(LOOK_EVERY_SECONDS)
        raise NotDone(f"no room of type {self.row.room_type} is free from {nights['arrival']}")

    async def _is_given(self, room: str) -> bool:
        """Whether the desk gave that room, and not somebody else first."""
        self.desk.being_given.add(room)
        try:
            place, body = (
                f"/desk/bookings/{self.reference}/assign-room",
                {"version": self.seen["version"], "room": room},
            )
            answer = await self.desk.web.post(place, body, self.desk.token, conflict=True)
            if answer.status == 409:
                if answer.body.get("code") != "room_not_free":
                    raise NotDone(f"POST {place}: {answer.body.get('code')}: {answer.body.get('detail')}")
                return False
            self.seen |= answer.body
            return True
        finally:
            self.desk.being_given.discard(room)

    async def _act(self, action: str, body: dict[str, Any], key: str = "") -> None:
        place = f"/desk/bookings/{self.reference}/{action}"
        self.seen |= (await self.desk.web.post(place, body, self.desk.token, key)).body
