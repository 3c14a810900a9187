"""The folio: what a booking has been charged so far, line by line, and to whom.

Rule: docs/rules/folio.md. Amounts are gross minor units of the booking's currency, signed: above zero the guest owes
it. A line is never edited: one that is not true any more is taken back by a line that reverses it.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum

from domain.booking import GONE, Booking, Status, Stay
from domain.money import divide_half_up, split_largest_remainder
from domain.rates import TaxSlab

GUEST_FOLIO = 1
MOST_FOLIOS = 20
# The booking's own fees come after those of its rooms.
MOST_STAYS = 100
# A slot is a place of the price (stay, night, line) that holds one amount at a time; 0 is the line of a fee.
Slot = tuple[int | None, date | None, int]
FEE_LINE = 0


class LineKind(StrEnum):
    """What a line is charged for. A transfer is the two lines of an amount that goes to another folio."""

    ROOM = "room"
    TAX = "tax"
    EXTRA = "extra"
    FEE = "fee"
    ADJUSTMENT = "adjustment"
    TRANSFER = "transfer"


@dataclass(frozen=True)
class PricePart:
    """One line of a night's snapshot price, with what its tax rule says of the rate.

    kind: room or tax; included: already inside the room's price; percent, slabs: of the rule, for a tax by percent.
    """

    stay: int
    night: date
    kind: str
    code: str
    name: str
    amount_minor: int
    included: bool = False
    percent: Decimal | None = None
    slabs: tuple[TaxSlab, ...] = ()


@dataclass(frozen=True)
class TaxCode:
    """The tax inside the price of an extra or a fee: its code, name and percent."""

    code: str
    name: str
    percent: Decimal


@dataclass(frozen=True)
class Post:
    """What is charged in one slot. net_minor + tax_minor = amount_minor.

    tax_percent: None where the tax is no percent, or there is none; base_minor: the net that the percent was reckoned
    on. A line of tax alone has no net; its base is the net of what it is the tax of.
    """

    kind: LineKind
    code: str
    name: str
    amount_minor: int
    net_minor: int
    tax_minor: int = 0
    tax_code: str = ""
    tax_percent: Decimal | None = None
    base_minor: int = 0
    quantity: int = 1


@dataclass(frozen=True)
class FolioLine:
    """One line as it is written. number: from 1 within the booking; revision: odd where it charges, even where it
    takes the revision before it back, which `reverses` names; transfer: the number that both lines of one share;
    business_date: the hotel's day it was posted to, once it is written.
    """

    number: int
    folio: int
    post: Post
    stay: int | None
    night: date | None
    line: int
    revision: int
    reverses: int | None = None
    transfer: int | None = None
    business_date: date | None = None

    @property
    def slot(self) -> Slot:
        """The place that it charges."""
        return self.stay, self.night, self.line


@dataclass(frozen=True)
class Charge:
    """What the desk posts by itself: an extra, an adjustment, or one of them taken back.

    price_minor: of one piece, signed; tax: inside it; reverses: the line that is taken back, whole.
    """

    code: str
    name: str
    price_minor: int
    quantity: int = 1
    folio: int | None = None
    tax: TaxCode | None = None
    reverses: int | None = None

    @property
    def amount_minor(self) -> int:
        """What it comes to."""
        return self.price_minor * self.quantity

    @property
    def post(self) -> Post:
        """The charge as a line says it. Below zero it is an adjustment."""
        kind = LineKind.EXTRA if self.price_minor > 0 else LineKind.ADJUSTMENT
        return with_tax(kind, self.code, self.name, self.amount_minor, self.tax, self.quantity)


@dataclass(frozen=True)
class Routes:
    """Which folio each kind of charge goes to; what no folio asks for goes to folio 1."""

    by_kind: Mapping[str, int]

    def folio_of(self, kind: LineKind) -> int:
        """The folio of a new charge."""
        return self.by_kind.get(kind.value, GUEST_FOLIO)


def included_tax(amount_minor: int, percent: Decimal) -> int:
    """The tax inside a gross amount, half-up: 6 % inside 120.00 is 6.79; 10 % inside JPY 30,000 is 2,727."""
    over, under = percent.as_integer_ratio()
    return divide_half_up(amount_minor * over, 100 * under + over)


def with_tax(kind: LineKind, code: str, name: str, amount_minor: int, tax: TaxCode | None, quantity: int = 1) -> Post:
    """A charge whose price holds its tax."""
    if tax is None:
        return Post(kind, code, name, amount_minor, amount_minor, quantity=quantity)
    inside = included_tax(amount_minor, tax.percent)
    net = amount_minor - inside
    return Post(kind, code, name, amount_minor, net, inside, tax.code, tax.percent, net, quantity)


def open_lines(lines: Iterable[FolioLine]) -> tuple[FolioLine, ...]:
    """The lines that stand: charges that nothing has taken back."""
    known = list(lines)
    gone = {line.reverses for line in known}
    return tuple(line for line in known if line.reverses is None and line.number not in gone)


def post_nights(
    booking: Booking,
    price: Sequence[PricePart],
    posted: Sequence[FolioLine],
    up_to: date | None,
    routes: Routes,
    fee_tax: TaxCode | None = None,
) -> tuple[FolioLine, ...]:
    """The lines that make the folio say what the booking owes, each exactly once: nothing when it does already.

    up_to: the last night that was slept by guests in the house; None posts all nights of who is in the house. What was
    posted before and is still owed stays as it is; what is not owed any more, or at another price, is taken back.
    """
    standing = {line.slot: line for line in open_lines(posted) if not _is_extra(line.slot)}
    wanted = _wanted(booking, price, {(line.stay, line.night) for line in standing.values()}, up_to, fee_tax)
    revisions: dict[Slot, int] = defaultdict(int)
    for line in posted:
        revisions[line.slot] = max(revisions[line.slot], line.revision)
    number = max((line.number for line in posted), default=0)
    written: list[FolioLine] = []
    for slot in sorted(standing.keys() | wanted.keys(), key=_in_order):
        was, post = standing.get(slot), wanted.get(slot)
        if was is not None and post is not None and _same(was.post, post):
            continue
        folio = was.folio if was else routes.folio_of(post.kind) if post else GUEST_FOLIO
        if was is not None:
            number += 1
            written.append(taken_back(was, number))
        if post is not None:
            number += 1
            revision = revisions[slot] + (2 if was else 1)
            written.append(FolioLine(number, folio, post, *slot, revision))
    return tuple(written)


def taken_back(line: FolioLine, number: int) -> FolioLine:
    """The line that takes another back, on the folio where that one stands."""
    post = replace(
        line.post, amount_minor=-line.post.amount_minor, net_minor=-line.post.net_minor,
        tax_minor=-line.post.tax_minor, base_minor=-line.post.base_minor,
    )  # fmt: skip
    return replace(line, number=number, post=post, revision=line.revision + 1, reverses=line.number, transfer=None)


def moved(line: FolioLine, folio: int, number: int) -> tuple[FolioLine, FolioLine]:
    """The two lines of a transfer, `number` and the next: out of its folio, and into another. Their sum is 0."""
    out = replace(taken_back(line, number), transfer=number)
    out = replace(out, post=replace(out.post, kind=LineKind.TRANSFER))
    into = replace(
        line, number=number + 1, folio=folio, revision=line.revision + 2, transfer=number,
        post=replace(line.post, kind=LineKind.TRANSFER),
    )  # fmt: skip
    return out, into


def _is_extra(slot: Slot) -> bool:
    """Extras and adjustments are posted by people and never reckoned anew."""
    return slot[0] is None and slot[1] is None and slot[2] != FEE_LINE


def _in_order(slot: Slot) -> tuple[int, date, int]:
    return slot[0] or MOST_STAYS, slot[1] or date.max, slot[2]


def _same(one: Post, other: Post) -> bool:
    """Whether two charges say the same, wherever a transfer has brought the one."""
    return replace(one, kind=other.kind) == other


def _wanted(
    booking: Booking,
    price: Sequence[PricePart],
    standing: set[tuple[int | None, date | None]],
    up_to: date | None,
    fee_tax: TaxCode | None,
) -> dict[Slot, Post]:
    """What has to stand on the folio now."""
    wanted: dict[Slot, Post] = {}
    for stay in booking.stays:
        parts = [part for part in price if part.stay == stay.number]
        prices = night_prices(stay, parts)
        for night in _due_nights(stay, standing, up_to):
            posts = night_posts([part for part in parts if part.night == night], prices[night])
            wanted |= {(stay.number, night, line): post for line, post in enumerate(posts, 1)}
        if stay.fee_minor:
            code, name = _FEES.get(stay.status, _FEES[Status.CHECKED_OUT])
            fee = with_tax(LineKind.FEE, code, name, stay.fee_minor, fee_tax)
            wanted[(stay.number, None, FEE_LINE)] = fee
    if booking.fee_minor:
        fee = with_tax(LineKind.FEE, "CHANGE_FEE", "Fee for a change", booking.fee_minor, fee_tax)
        wanted[(None, None, FEE_LINE)] = fee
    return wanted


_FEES = {
    Status.CANCELLED: ("CANCELLATION_FEE", "Cancellation fee"),
    Status.NO_SHOW: ("NO_SHOW_FEE", "No-show fee"),
    Status.CHECKED_OUT: ("EARLY_DEPARTURE_FEE", "Early departure fee"),
}


def _due_nights(stay: Stay, standing: set[tuple[int | None, date | None]], up_to: date | None) -> list[date]:
    """The nights of a stay that are posted: those slept; all that is owed once the guest has left."""
    if stay.status in GONE or stay.status not in (Status.CHECKED_IN, Status.CHECKED_OUT):
        return []
    owed = stay.kept if stay.night_minor else stay.nights()
    if stay.status is Status.CHECKED_OUT or up_to is None:
        return list(owed)
    return [night for night in owed if night <= up_to or (stay.number, night) in standing]


def night_prices(stay: Stay, parts: Sequence[PricePart]) -> dict[date, int]:
    """What each night costs; where prices by night are not on file, equal shares of the total."""
    nights = stay.nights()
    if stay.night_minor:
        return dict(zip(nights, stay.night_minor, strict=True))
    by_night = {night: _added(part for part in parts if part.night == night) for night in nights}
    if sum(by_night.values()) == stay.total_minor:
        return by_night
    return dict(zip(nights, split_largest_remainder(stay.total_minor, [1] * len(nights)), strict=True))


def _added(parts: Iterable[PricePart]) -> int:
    return sum(part.amount_minor for part in parts if not part.included)


def night_posts(parts: Sequence[PricePart], owed_minor: int) -> tuple[Post, ...]:
    """The lines of one night: the room, with the one tax by percent that is inside its price, and each other tax.

    owed_minor: what the booking owes for the night. Lines on file that come to another sum give way to it as one line
    without a tax, so that a folio never says another amount than the booking. Lines of nothing are left out.
    """
    rooms = [part for part in parts if part.kind == "room"]
    taxes = [part for part in parts if part.kind == "tax"]
    if _added(parts) != owed_minor or not rooms:
        name = rooms[0].name if rooms else "Room"
        return (Post(LineKind.ROOM, rooms[0].code if rooms else "ROOM", name, owed_minor, owed_minor),) * bool(
            owed_minor
        )
    gross = sum(part.amount_minor for part in rooms)
    net = gross - sum(tax.amount_minor for tax in taxes if tax.included)
    inside = next((tax for tax in taxes if tax.included and _is_percent(tax)), None)
    apart = [tax for tax in taxes if tax is not inside]
    room = Post(LineKind.ROOM, rooms[0].code, rooms[0].name, net, net)
    if inside is not None:
        room = Post(
            LineKind.ROOM, rooms[0].code, rooms[0].name, net + inside.amount_minor, net, inside.amount_minor,
            inside.code, _percent_of(inside, net), net,
        )  # fmt: skip
    posts = [room, *(_tax_post(tax, net) for tax in apart)]
    return tuple(post for post in posts if post.amount_minor)


def _tax_post(tax: PricePart, net_minor: int) -> Post:
    base = net_minor if _is_percent(tax) else 0
    amount = tax.amount_minor
    return Post(LineKind.TAX, tax.code, tax.name, amount, 0, amount, tax.code, _percent_of(tax, net_minor), base)


def _is_percent(tax: PricePart) -> bool:
    return tax.percent is not None or bool(tax.slabs)


def _percent_of(tax: PricePart, net_minor: int) -> Decimal | None:
    """The percent of the rule, or of the slab that the night's net is within."""
    if not tax.slabs:
        return tax.percent
    ordered = sorted(tax.slabs, key=lambda slab: (slab.up_to_minor is None, slab.up_to_minor or 0))
    return next((slab.percent for slab in ordered if slab.up_to_minor is None or net_minor <= slab.up_to_minor), None)


def balance_of(lines: Iterable[FolioLine], folio: int) -> int:
    """What has been posted to one folio."""
    return sum(line.post.amount_minor for line in lines if line.folio == folio)


def part_of(posts: Sequence[Post], amount_minor: int) -> tuple[Post, ...]:
    """A part of what was charged, spread over the lines by their gross: largest remainder, each line's tax in the same
    ratio. The parts sum to `amount_minor`, which is never more than the whole; lines that come to nothing are left out.
    """
    whole = sum(post.amount_minor for post in posts)
    if not 0 <= amount_minor <= whole or any(post.amount_minor < 0 for post in posts):
        raise ValueError("a part lies between nothing and the whole of charges")
    parts = split_largest_remainder(amount_minor, [post.amount_minor for post in posts])
    made = []
    for post, part in zip(posts, parts, strict=True):
        if not part:
            continue
        tax = divide_half_up(post.tax_minor * part, post.amount_minor)
        same = post.base_minor == post.net_minor
        base = part - tax if same else divide_half_up(post.base_minor * part, post.amount_minor)
        made.append(replace(post, amount_minor=part, net_minor=part - tax, tax_minor=tax, base_minor=base))
    return tuple(made)
