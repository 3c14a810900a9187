"""Logging in and out, sessions, and the second factor."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from api.shapes.bookings import Email
from api.shapes.common import Asked, Told

Password = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=False)]
Code = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z -]{6,20}$")]
AppCode = Annotated[str, StringConstraints(pattern=r"^[0-9 ]{6,20}$")]


class Login(Asked):
    """Who wants in."""

    email: Email = Field(examples=["frontdesk@malabar.example"])
    password: Password = Field(examples=["holdfast-demo"])
    code: Code | None = Field(
        default=None,
        description="Of the authenticator app, or a recovery code; where the account asks for one.",
        examples=["492039"],
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
    totp: bool = Field(description="Whether logins of this account ask for a code.")
    hotels: list[WorkPlace]


class OpenSession(Told):
    """One of your sessions. Nothing is kept of where it is."""

    id: UUID = Field(description="Ends it, and opens nothing.")
    logged_in_at: datetime = Field(description="When the password was given; a renewed session keeps it.")
    last_used_at: datetime = Field(description="To ten minutes.")
    expires_at: datetime
    current: bool = Field(description="The session that asks.")


class SessionList(Told):
    """Your open sessions, the newest first."""

    items: list[OpenSession]


class SessionsEnded(Told):
    """What was ended."""

    ended: int


class TotpBegun(Told):
    """A secret for an authenticator app. It is told only here."""

    secret: str = Field(description="Base 32, for typing.")
    otpauth_uri: str = Field(description="The same, for a picture that an app reads.")


class TotpConfirm(Asked):
    """The first code of the app."""

    code: AppCode = Field(examples=["492039"])


class RecoveryCodes(Told):
    """One-time codes for who has lost the app. They are told only here."""

    recovery_codes: list[str]


class TotpEnd(Asked):
    """Who wants to do without the second factor."""

    password: Password = Field(examples=["holdfast-demo"])
    code: Code = Field(description="Of the authenticator app, or a recovery code.", examples=["492039"])
