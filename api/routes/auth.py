"""Staff: logging in and out, their sessions, and the second factor."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Path, Request, Response

from api.callers import COOKIE, LoggedIn, LoginRoute, Parts, StaffRoute
from api.shapes import auth_examples as examples
from api.shapes.auth import (
    Login,
    Me,
    OpenSession,
    RecoveryCodes,
    Session,
    SessionList,
    SessionsEnded,
    TotpBegun,
    TotpConfirm,
    TotpEnd,
    WorkPlace,
)
from api.shapes.common import answers, example
from api.shapes.problems import problems
from api.views import API
from store.sessions import NewSession
from store.staff import StaffRole

logins = APIRouter(prefix=f"{API}/auth", tags=["Staff"], route_class=LoginRoute)
logged_in = APIRouter(prefix=f"{API}/auth", tags=["Staff"], route_class=StaffRoute)
_KNOWN = ("not_logged_in", "cross_site", "too_many_requests")
SessionPath = Annotated[UUID, Path(description="The id of the list.", examples=[examples.SESSION_ID])]


@logins.post(
    "/login",
    responses={
        200: answers("A session; the cookie is for browsers.", example("session", examples.SESSION)),
        **problems("invalid_request", "login_refused", "code_needed", "body_too_large", "too_many_requests"),
    },
)
async def login(
    request: Request,
    house: Parts,
    response: Response,
    body: Annotated[
        Login,
        Body(
            openapi_examples={
                **example("demo", examples.LOGIN),
                **example("with_a_code", {**examples.LOGIN, "code": "492039"}),
            }
        ),
    ],
) -> Session:
    """Opens a session for 24 hours. An unknown address, a wrong password and a wrong code get the same answer."""
    await house.office.count_login(house.limits.address_of(request), body.email)
    session, _, roles = await house.office.log_in(body.email, body.password, body.code)
    return _opened(request, response, session, roles)


@logged_in.post(
    "/renew",
    responses={
        200: answers("A new session in the place of this one.", example("session", examples.SESSION)),
        **problems(*_KNOWN, "session_renewed"),
    },
)
async def renew(request: Request, house: Parts, staff: LoggedIn, response: Response) -> Session:
    """A new token for another 24 hours, 14 days from the login at most; the old one works for 30 seconds more."""
    return _opened(request, response, await house.office.renew(staff.token), staff.roles)


@logged_in.post(
    "/logout",
    status_code=204,
    responses={204: {"description": "The session has ended."}, **problems("not_logged_in", "cross_site")},
)
async def logout(request: Request, house: Parts, staff: LoggedIn, response: Response) -> None:
    """Ends the session at once, wherever its token is kept."""
    await house.office.log_out(staff.token)
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="lax", secure=_by_tls(request))


@logged_in.get(
    "/me",
    responses={200: answers("Who is logged in.", example("me", examples.ME)), **problems("not_logged_in")},
)
async def get_me(house: Parts, staff: LoggedIn) -> Me:
    """Whose session this is, until when, and where they work as what."""
    session = staff.session
    return Me(
        email=session.email,
        name=session.name,
        expires_at=session.expires_at,
        totp=await house.office.has_second_factor(session.staff_id),
        hotels=_places(staff.roles),
    )


@logged_in.get(
    "/sessions",
    responses={200: answers("Your open sessions.", example("sessions", examples.SESSIONS)), **problems(*_KNOWN)},
)
async def list_sessions(house: Parts, staff: LoggedIn) -> SessionList:
    """Where you are logged in: since when and when last used; nothing is kept of the place or the machine."""
    found = await house.office.sessions(staff.session.staff_id, staff.token)
    return SessionList(items=[OpenSession.model_validate(one, from_attributes=True) for one in found])


@logged_in.delete(
    "/sessions/{session_id}",
    status_code=204,
    responses={
        204: {"description": "The session has ended."},
        **problems("invalid_request", *_KNOWN, "not_found"),
    },
)
async def end_session(house: Parts, staff: LoggedIn, session_id: SessionPath) -> None:
    """Ends one of your sessions at once."""
    await house.office.end_session(staff.session.staff_id, session_id)


@logged_in.delete(
    "/sessions",
    responses={200: answers("The others have ended.", example("three", {"ended": 3})), **problems(*_KNOWN)},
)
async def end_other_sessions(house: Parts, staff: LoggedIn) -> SessionsEnded:
    """Ends all of your sessions except the one that asks."""
    return SessionsEnded(ended=await house.office.end_other_sessions(staff.session.staff_id, staff.token))


@logged_in.post(
    "/totp",
    responses={
        200: answers("A secret for the app.", example("begun", examples.TOTP_BEGUN)),
        **problems(*_KNOWN, "second_factor_on"),
    },
)
async def begin_totp(house: Parts, staff: LoggedIn) -> TotpBegun:
    """A secret for an authenticator app. Nothing changes before its first code is sent, within 15 minutes."""
    secret, uri = await house.office.begin_second_factor(staff.session.staff_id, staff.session.email)
    return TotpBegun(secret=secret, otpauth_uri=uri)


@logged_in.post(
    "/totp/confirm",
    responses={
        200: answers("It is on.", example("codes", examples.RECOVERY_CODES)),
        **problems(
            "invalid_request", *_KNOWN, "body_too_large", "second_factor_on", "second_factor_not_begun", "code_refused"
        ),
    },
)
async def confirm_totp(
    request: Request,
    house: Parts,
    staff: LoggedIn,
    body: Annotated[TotpConfirm, Body(openapi_examples=example("first_code", {"code": "492039"}))],
) -> RecoveryCodes:
    """Turns the second factor on: from now on each login asks for a code. Keep the recovery codes somewhere else."""
    await house.office.count_login(house.limits.address_of(request), staff.session.email)
    return RecoveryCodes(recovery_codes=await house.office.confirm_second_factor(staff.session.staff_id, body.code))


@logged_in.delete(
    "/totp",
    status_code=204,
    responses={
        204: {"description": "Logins ask for no code any more; the recovery codes are void."},
        **problems("invalid_request", *_KNOWN, "body_too_large", "second_factor_off", "code_refused"),
    },
)
async def end_totp(
    request: Request,
    house: Parts,
    staff: LoggedIn,
    body: Annotated[TotpEnd, Body(openapi_examples=example("no_more", examples.TOTP_END))],
) -> None:
    """Turns the second factor off for who knows the password and has a code."""
    session = staff.session
    await house.office.count_login(house.limits.address_of(request), session.email)
    await house.office.end_second_factor(session.staff_id, session.email, body.password, body.code)


def _opened(request: Request, response: Response, session: NewSession, roles: list[StaffRole]) -> Session:
    response.set_cookie(
        COOKIE,
        session.token,
        expires=session.expires_at,
        path="/",
        httponly=True,
        samesite="lax",
        secure=_by_tls(request),
    )
    return Session(access_token=session.token, expires_at=session.expires_at, hotels=_places(roles))


def _by_tls(request: Request) -> bool:
    """As the guard at the door found out: by HOLDFAST_PUBLIC_URL, or by what a trusted proxy says."""
    return request.url.scheme == "https"


def _places(roles: list[StaffRole]) -> list[WorkPlace]:
    return [WorkPlace(slug=role.hotel_slug, name=role.hotel_name, role=role.role) for role in roles]
