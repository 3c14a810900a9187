"""Who asks: the public, a guest by the link of one booking, or staff by a login. One kind of route for each.

A route admits its caller before the body is read, so the answers come in this order: 401, 404, 403, 400, 409 or 422.
What belongs to another hotel or guest gets the very answer of what does not exist.
"""

import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from datetime import time as wall_time
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import Depends, Request
from fastapi.routing import APIRoute
from starlette.responses import Response

from api.devices import admit_device, remember_device
from api.house import House, house_of
from api.limits import AT_LOGIN, PUBLIC
from api.permissions import check_role
from api.problems import malformed, not_logged_in
from api.selling import find_hotel
from domain.booking import Actor
from domain.refusals import absent, forbidden
from messages.tokens import GuestToken, read_guest_token, read_pay_token
from store.booking_reads import BookingRecord, look_at_booking
from store.hotels import Hotel
from store.sessions import StaffSession
from store.staff import StaffRole

COOKIE = "holdfast_session"
GUEST_LINK_LIFETIME = timedelta(days=30)
_MAX_REFERENCE = 24
Handler = Callable[[Request], Coroutine[Any, Any, Response]]


@dataclass(frozen=True)
class Staff:
    """Somebody with a login, and where they work. by_cookie: the browser sent it by itself."""

    session: StaffSession
    roles: list[StaffRole]
    token: str
    by_cookie: bool


@dataclass(frozen=True)
class AtDesk:
    """A member of staff at the hotel they act for."""

    staff: Staff
    role: StaffRole

    @property
    def hotel_id(self) -> int:
        """The hotel they act for."""
        return self.role.hotel_id

    @property
    def actor(self) -> Actor:
        """Who is written down with what they do."""
        return Actor("staff", self.role.role, self.staff.session.staff_id)


class _AdmittingRoute(APIRoute):
    """A route that looks at its caller first."""

    def get_route_handler(self) -> Handler:
        """The framework's handler behind our door."""
        answer = super().get_route_handler()

        async def admitted(request: Request) -> Response:
            await self.admit(request)
            return await answer(request)

        return admitted

    async def admit(self, request: Request) -> None:
        """Lets the caller in, or raises what they are told instead."""
        await house_of(request).limits.check(request, PUBLIC, time.time)


class PublicRoute(_AdmittingRoute):
    """For everybody, within the limits of an address. A browser is told apart from others from its first visit on."""

    def get_route_handler(self) -> Handler:
        """The handler of every door, with the browser's word in its answer."""
        answer = super().get_route_handler()

        async def remembered(request: Request) -> Response:
            response = await answer(request)
            remember_device(request, response)
            return response

        return remembered

    async def admit(self, request: Request) -> None:
        """Notes which browser or app asks."""
        await super().admit(request)
        admit_device(request)


class HotelRoute(PublicRoute):
    """For everybody, about one hotel."""

    async def admit(self, request: Request) -> None:
        """Errors: 404 for a hotel that is not there."""
        await super().admit(request)
        request.state.hotel = await find_hotel(house_of(request), request.path_params["slug"])


class LoginRoute(_AdmittingRoute):
    """For who wants to log in."""

    async def admit(self, request: Request) -> None:
        """Tries are counted once the account is known too; this bounds what is no try at all."""
        await house_of(request).limits.check(request, AT_LOGIN, time.time)


class GuestRoute(_AdmittingRoute):
    """For the bearer of a booking's link."""

    async def admit(self, request: Request) -> None:
        """Errors: 401 without a token; 404 for a wrong one, another booking's, a revoked or an old one."""
        await super().admit(request)
        token = _bearer(request)
        if not token:
            raise not_logged_in()
        request.state.record = await record_for_guest(house_of(request), request.path_params["reference"], token)


class StaffRoute(_AdmittingRoute):
    """For who is logged in."""

    async def admit(self, request: Request) -> None:
        """Errors: 401; 403 cross_site."""
        staff = await known_staff(request)
        request.state.staff = staff
        _check_same_site(request, staff)


class DeskRoute(_AdmittingRoute):
    """For who is logged in and acts for one hotel, on one of its bookings where the address names one."""

    async def admit(self, request: Request) -> None:
        """Errors: 401; 404 for a hotel or booking that is not theirs; 403 cross_site, role_missing."""
        staff = await known_staff(request)
        role = _chosen(request, staff)
        if role is None:
            raise malformed("You work at several hotels; choose one.", "X-Hotel", "hotel_not_chosen")
        request.state.desk = AtDesk(staff, role)
        reference = request.path_params.get("reference")
        if reference is not None:
            request.state.record = await record_for_desk(house_of(request), role.hotel_id, reference)
        _check_same_site(request, staff)
        check_role(self.name, role)


async def record_for_guest(house: House, reference: str, token: str) -> BookingRecord:
    """The booking that this token opens. Errors: 404, the same for every reason."""
    told = read_guest_token(house.secret, token)
    if told is None or told.reference != reference:
        raise absent()
    record = await _opened_by(house, told)
    if not record.state.terms.guest_portal:
        raise absent()
    return record


async def record_for_payer(house: House, token: str) -> BookingRecord:
    """The booking that a link to pay is about, also where guests have no page. Errors: 404, as `record_for_guest`."""
    told = read_pay_token(house.secret, token)
    if told is None:
        raise absent()
    return await _opened_by(house, told)


async def _opened_by(house: House, told: GuestToken) -> BookingRecord:
    record = await look_at_booking(house.database, told.hotel_id, told.reference)
    if record is None or record.row.token_generation != told.generation:
        raise absent()
    ends = datetime.combine(record.state.departure, wall_time(), UTC) + GUEST_LINK_LIFETIME
    if house.clock() > ends:
        raise absent()
    return record


async def record_for_desk(house: House, hotel_id: int, reference: str) -> BookingRecord:
    """The hotel's booking of that reference. Errors: 404, also for another hotel's."""
    if len(reference) > _MAX_REFERENCE or not reference.isascii() or not reference.isprintable():
        raise absent()
    record = await look_at_booking(house.database, hotel_id, reference)
    if record is None:
        raise absent()
    return record


async def known_staff(request: Request) -> Staff:
    """Who is logged in. A bearer goes before a cookie. Errors: 401 not_logged_in; 429 for who keeps trying."""
    token = _bearer(request)
    by_cookie = not token
    token = token or request.cookies.get(COOKIE, "")
    known = await house_of(request).office.known(token) if token else None
    if known is None:
        await house_of(request).limits.check(request, PUBLIC, time.time)
        raise not_logged_in()
    session, roles = known
    return Staff(session, roles, token, by_cookie)


def _bearer(request: Request) -> str:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""


def _chosen(request: Request, staff: Staff) -> StaffRole | None:
    """The hotel of X-Hotel, or the only one. None where one of several must be chosen. Errors: 404."""
    wanted = request.headers.get("X-Hotel")
    if wanted is None and len(staff.roles) > 1:
        return None
    for role in staff.roles:
        if wanted is None or role.hotel_slug == wanted:
            return role
    raise absent()


def _check_same_site(request: Request, staff: Staff) -> None:
    """Another site's page can make a browser send its cookie, but not this header with this Origin.

    Errors: 403 cross_site.
    """
    if not staff.by_cookie or request.method in ("GET", "HEAD"):
        return
    host = request.headers.get("Host", "")
    ours = {_origin(house_of(request).settings.base_url), f"http://{host}", f"https://{host}"}
    if request.headers.get("X-Holdfast") != "1" or request.headers.get("Origin") not in ours:
        raise forbidden("cross_site", "A request by cookie needs this site's Origin and the header X-Holdfast: 1.")


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


async def the_record(request: Request) -> BookingRecord:
    """The booking that the caller was admitted to."""
    return request.state.record


async def the_staff(request: Request) -> Staff:
    """Who was admitted by a login."""
    return request.state.staff


async def the_desk(request: Request) -> AtDesk:
    """Who was admitted to which hotel's desk."""
    return request.state.desk


async def the_hotel(request: Request) -> Hotel:
    """The hotel that the address names."""
    return request.state.hotel


async def the_house(request: Request) -> House:
    """The parts that serve this request."""
    return house_of(request)


Record = Annotated[BookingRecord, Depends(the_record)]
LoggedIn = Annotated[Staff, Depends(the_staff)]
Desk = Annotated[AtDesk, Depends(the_desk)]
ChosenHotel = Annotated[Hotel, Depends(the_hotel)]
Parts = Annotated[House, Depends(the_house)]
