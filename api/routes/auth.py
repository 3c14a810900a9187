"""Staff: logging in and out."""

from typing import Annotated

from fastapi import APIRouter, Body, Response

from api.callers import COOKIE, LoggedIn, LoginRoute, Parts, StaffRoute
from api.shapes import examples
from api.shapes.auth import Login, Me, Session, WorkPlace
from api.shapes.common import answers, example
from api.shapes.problems import problems
from api.views import API
from store.staff import StaffRole

logins = APIRouter(prefix=f"{API}/auth", tags=["Staff"], route_class=LoginRoute)
logged_in = APIRouter(prefix=f"{API}/auth", tags=["Staff"], route_class=StaffRoute)


@logins.post(
    "/login",
    responses={
        200: answers("A session; the cookie is for browsers.", example("session", examples.SESSION)),
        **problems("invalid_request", "login_refused", "body_too_large", "too_many_requests"),
    },
)
async def login(
    house: Parts, response: Response, body: Annotated[Login, Body(openapi_examples=example("demo", examples.LOGIN))]
) -> Session:
    """Opens a session for 24 hours. An unknown address and a wrong password get the same answer."""
    session, _, roles = await house.office.log_in(body.email, body.password)
    response.set_cookie(
        COOKIE,
        session.token,
        expires=session.expires_at,
        path="/",
        httponly=True,
        samesite="lax",
        secure=house.settings.base_url.startswith("https://"),
    )
    return Session(access_token=session.token, expires_at=session.expires_at, hotels=_places(roles))


@logged_in.post(
    "/logout",
    status_code=204,
    responses={204: {"description": "The session has ended."}, **problems("not_logged_in", "cross_site")},
)
async def logout(house: Parts, staff: LoggedIn, response: Response) -> None:
    """Ends the session at once, wherever its token is kept."""
    await house.office.log_out(staff.token)
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="lax")


@logged_in.get(
    "/me",
    responses={200: answers("Who is logged in.", example("me", examples.ME)), **problems("not_logged_in")},
)
async def get_me(staff: LoggedIn) -> Me:
    """Whose session this is, until when, and where they work as what."""
    session = staff.session
    return Me(email=session.email, name=session.name, expires_at=session.expires_at, hotels=_places(staff.roles))


def _places(roles: list[StaffRole]) -> list[WorkPlace]:
    return [WorkPlace(slug=role.hotel_slug, name=role.hotel_name, role=role.role) for role in roles]
