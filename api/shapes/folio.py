"""Folios, cash drawers and papers as the desk sees and asks for them."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from api.shapes.commands import DeskCommand, FolioNumber, PaymentNumber
from api.shapes.common import MOST_INT, Asked, Line, Money, MoneyAsked, Note, Told

LineNumber = Annotated[int, Field(ge=1, le=MOST_INT)]
Code = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9][A-Z0-9_-]{0,19}$")]
Name = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
Address = Annotated[str, StringConstraints(max_length=500, pattern=r"^[^\x00-\x09\x0b-\x1f\x7f]*$")]
Route = Literal["room", "tax", "extra", "fee"]


class DeskCharge(DeskCommand):
    """An extra, or below zero an adjustment, which needs a manager and a reason."""

    code: Code = Field(examples=["TEA"])
    name: Line
    amount: MoneyAsked = Field(description="The price of one, the tax of its code inside.")
    quantity: int = Field(default=1, ge=1, le=1000)
    tax_code: Code | None = Field(default=None, description="One of the hotel's tax codes; none: without a tax.")
    folio: FolioNumber | None = Field(default=None, description="Default: where the folios ask for extras, else 1.")


class NewFolio(Asked):
    """A further folio."""

    kind: Literal["guest", "company"] = "guest"
    from_source: bool = Field(default=False, description="Billed to the company that the booking came from.")
    name: Name = Field(default="", description="Whom it is billed to; empty: the booking's guest.")
    address: Address = ""
    tax_number: Name = ""
    routes: list[Route] = Field(default=[], max_length=4, description="Kinds of new charges that go here.")


class FolioChange(Asked):
    """What becomes of a folio; what is not given stays."""

    name: Name | None = None
    address: Address | None = None
    tax_number: Name | None = None
    routes: Annotated[list[Route], Field(max_length=4)] | None = None


class Transfer(Asked):
    """Lines and payments that go to another folio, whole."""

    lines: list[LineNumber] = Field(default=[], max_length=100)
    payments: list[PaymentNumber] = Field(default=[], max_length=100)
    folio: FolioNumber
    reason: Note = ""

    @model_validator(mode="after")
    def _something_moves(self) -> "Transfer":
        if not self.lines and not self.payments:
            raise ValueError("name `lines` or `payments` that move")
        return self


class FolioLineBody(Told):
    """One line: what, when, how much, and what tax is inside."""

    number: int
    kind: Literal["room", "tax", "extra", "fee", "adjustment", "transfer"]
    code: str
    name: str
    quantity: int
    amount: Money = Field(description="Gross and signed; above zero the guest owes it.")
    net: Money
    tax: Money
    tax_code: str
    tax_percent: str | None = Field(description="A decimal; null where the tax is no percent, or there is none.")
    stay: int | None
    night: date | None
    business_date: date
    posted_at: datetime
    reverses: int | None = Field(description="The line that this one takes back.")
    taken_back_by: int | None
    transfer: int | None = Field(description="The number that both lines of a transfer share.")
    invoice: str | None = Field(description="The standing invoice that it is on.")
    reason: str


class BillToBody(Told):
    """Whom a folio is billed to; an empty name is the booking's guest."""

    name: str
    address: str
    tax_number: str


class FolioBody(Told):
    """One folio. balance: what was posted to it, less the payments on it; below zero more was paid there."""

    folio: int
    kind: Literal["guest", "company"]
    bill_to: BillToBody
    routes: list[str]
    posted: Money
    paid: Money = Field(description="The payments on it, less what was given back of them.")
    balance: Money
    lines: list[FolioLineBody]


class PaymentPlace(Told):
    """A folio that a payment was put on: by who took it, or moved there later."""

    folio: int
    put_at: datetime
    reason: str


class FolioPayment(Told):
    """Money that came in, and what of it went back or is on its way back; both count on its folio."""

    number: int
    folio: int
    placed: list[PaymentPlace] = Field(description="How it came to its folio; empty where it always was on folio 1.")
    method: str
    amount: Money
    refunded: Money
    business_date: date


class FolioBook(Told):
    """All folios of a booking. balance: what the booking owes altogether, posted or not, less what was paid.

    uneven: the folios that are not settled although all is posted and the booking is, because of a payment elsewhere.
    """

    reference: str
    version: int
    owed: Money
    posted: Money
    paid: Money
    balance: Money
    uneven: list[int]
    folios: list[FolioBody]
    payments: list[FolioPayment]


class CashAsked(Asked):
    """Something is done to one's own cash drawer."""

    do: Literal["open", "in", "out", "close"]
    amount: MoneyAsked = Field(description="The float, what is moved, or what was counted.")
    reason: Note = Field(default="", description="Needed for money in and out; a note at closing.")


class CashMovement(Told):
    """Money in or out of a drawer, the latest first."""

    number: int
    kind: Literal["payment", "in", "out"]
    amount: Money
    reference: str | None
    payment: int | None
    reason: str
    moved_at: datetime


class CashDrawer(Told):
    """One's last drawer. difference: counted less expected; below zero money is missing."""

    drawer: int
    open: bool
    opened_at: datetime
    closed_at: datetime | None
    opening_float: Money
    expected: Money
    counted: Money | None
    difference: Money | None
    note: str
    movements: list[CashMovement]


class OwnDrawer(Told):
    """The drawer of who asks; null where they never had one."""

    drawer: CashDrawer | None


class InvoiceAsked(Asked):
    """An invoice of what is on a folio and on no other one."""

    folio: FolioNumber = 1


class CreditAsked(Asked):
    """A credit note: of the whole invoice, or of the lines named."""

    reason: Line
    lines: list[LineNumber] = Field(default=[], max_length=1000, description="Numbers of folio lines; none: all.")


PaperName = Literal["invoice", "credit_note", "receipt", "deposit_invoice"]


class PaperTax(Told):
    """One row of the breakdown. code '': charges without a tax."""

    code: str
    percent: str | None
    base: Money
    tax: Money


class PaperBody(Told):
    """A paper with a number, as it was issued. payable: the total less deposit invoices."""

    number: str
    kind: PaperName
    issued_on: date
    folio: int | None
    bill_to: BillToBody
    total: Money
    payable: Money
    due: Money
    taxes: list[PaperTax]
    lines: list[int]
    deducts: list[str]
    corrects: str | None
    reason: str
    pdf: str = Field(description="Where it is printed.")


class PaperList(Told):
    """The papers of a booking in the order of their issue."""

    items: list[PaperBody]
