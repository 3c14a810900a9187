"""What managers set for their hotel."""

from typing import Annotated

from pydantic import Field, StringConstraints

from api.shapes.common import Asked, Note, Told


class ZoneCorrection(Asked):
    """The hotel's right time zone."""

    zone: Annotated[str, StringConstraints(min_length=2, max_length=60, pattern=r"^[A-Za-z0-9_+/-]+$")] = Field(
        description="An IANA name.", examples=["Asia/Kolkata"]
    )
    reason: Note = Field(description="Why; kept with the policy's version.")


class ZoneCorrected(Told):
    """What was done: a new version of the policy, and open bookings whose clocks are being resolved again."""

    zone: str
    policy_version: int
    bookings_told: int = Field(description="Open bookings that lived by another zone until now.")
