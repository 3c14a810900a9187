"""What the desk asks of one booking."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from api.shapes.common import Asked, Instant, Line, MoneyAsked, Note, StayNumber, Version

FolioNumber = Annotated[int, Field(ge=1, le=20)]
PaymentNumber = Annotated[int, Field(ge=1, le=9_999, description="The payment's number within the booking.")]


class DeskCommand(Asked):
    """What every command of the desk carries."""

    version: Version
    reason: Note = Field(default="", description="Why; kept with the event. Needed where a rule is overridden.")


class DeskStays(DeskCommand):
    """A command about some or all rooms of a booking."""

    stays: list[StayNumber] = Field(default=[], max_length=10, description="Default: every room it can be done to.")


class CancelRefund(Asked):
    """What goes back of the money that is not owed any more."""

    amount: MoneyAsked | None = Field(
        default=None, description="Less than all of it keeps the rest for now; 0 keeps everything. Default: all."
    )
    payment: PaymentNumber | None = Field(default=None, description="Taken from this payment first.")


class DeskCancel(DeskStays):
    """The desk gives rooms up, for the guest or for the hotel."""

    waive_fee: bool = Field(default=False, description="The price that the terms name is not asked for; say why.")
    expected_fee: MoneyAsked | None = Field(default=None, description="The fee that a dry run answered.")
    refund: CancelRefund | None = Field(default=None, description="Default: all that is not owed any more goes back.")


class DeskReinstate(DeskStays):
    """Rooms that had ended are taken up again; `reason` is needed."""

    oversell: bool = Field(default=False, description="Even into a full house; a manager's word, and somebody is told.")


class DeskClock(DeskCommand):
    """A clock of the agenda is moved; `reason` is needed."""

    at: Instant | None = Field(description="Where to; null puts it back where the terms place it.")


class ChecklistItem(Asked):
    """One point of the hotel's checklist for a request."""

    item: Line
    done: bool


class DeskApprove(Asked):
    """The hotel's yes."""

    version: Version
    note: Note = Field(default="", description="Kept with the event; guests do not see it.")
    checklist: list[ChecklistItem] = Field(default=[], max_length=20)


class DeskAssign(DeskCommand):
    """A room for one stay."""

    stay: StayNumber | None = Field(default=None, description="Needed where several rooms of the booking wait for one.")
    stays: list[StayNumber] = Field(default=[], max_length=1, description="The same as a list of one.")
    room: Annotated[str, StringConstraints(min_length=1, max_length=20, pattern=r"^[^\x00-\x1f\x7f]*$")] | None = Field(
        default=None, description="The room's number; default: the first free clean room of the stay's type."
    )

    @model_validator(mode="after")
    def _one_way_of_saying(self) -> "DeskAssign":
        if self.stay is not None and self.stays:
            raise ValueError("give `stay` or `stays`, not both")
        return self


class DeskPayment(DeskCommand):
    """Money the desk took."""

    method: Literal["cash", "card_terminal", "upi", "transfer"]
    amount: MoneyAsked
    external_reference: Annotated[str, StringConstraints(max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")] = Field(
        default="", description="Receipt, terminal or transfer number."
    )
    folio: FolioNumber = Field(default=1, description="Which folio it settles; 1 is the guest's.")


class DeskRefund(DeskCommand):
    """The desk gives money back; `reason` is needed."""

    amount: MoneyAsked
    payment: PaymentNumber | None = Field(
        default=None, description="Default: the newest payment through the provider that has so much left."
    )
