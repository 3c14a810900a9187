"""Logging in and out."""

from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from api.shapes.bookings import Email
from api.shapes.common import Asked, Told


class Login(Asked):
    """Who wants in."""

    email: Email = Field(examples=["frontdesk@malabar.example"])
    password: Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=False)] = Field(
        examples=["holdfast-demo"]
    )


class WorkPlace(Told):
    """A hotel where somebody works, and as what."""

    slug: str
    name: str
    role: str


class Session(Told):
    """A login. The token goes into `Authorization: Bearer`; a browser gets it as a cookie as well."""

    access_token: str
    expires_at: datetime
    hotels: list[WorkPlace]


class Me(Told):
    """Who is logged in."""

    email: str
    name: str
    expires_at: datetime
    hotels: list[WorkPlace]
