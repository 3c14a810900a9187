"""Folios, extras, cash and papers at the desk, and what guests may print: the whole path over HTTP."""

import hashlib
import secrets
from typing import Any

import pytest
from httpx import Response

from domain.invoices import Paper
from gateways.papers.printer import Printer
from tests.api.test_desk import confirmed_today
from tests.api.world import API, Body, Desk, Guests, bearer, problem
from tests.story.world import connect


async def in_house(guests: Guests, desk: Desk) -> Body:
    """A guest who has the key."""
    at = await confirmed_today(guests, desk)
    return await desk.done(await desk.done(at, "assign-room"), "check-in", reason="It is clean.")


def rupees(amount_minor: int) -> Body:
    return {"amount_minor": amount_minor, "currency": "INR"}


async def posted(desk: Desk, at: Body, path: str, body: Any, key: str = "", method: str = "POST") -> Response:
    headers = {**bearer(desk.token), "Idempotency-Key": key or secrets.token_hex(6)}
    address = f"{API}/desk/bookings/{at['reference']}/{path}"
    return await desk.api.request(method, address, json=body, headers=headers)


async def book_of(desk: Desk, at: Body) -> Body:
    return await desk.see(f"bookings/{at['reference']}/folio")


TEA = {"code": "TEA", "name": "Tea", "amount": rupees(400_00), "quantity": 2, "tax_code": "GST5"}


async def test_from_an_extra_to_the_invoice_and_its_correction(
    guests: Guests, desk: Desk, manager: Desk, worker: None
) -> None:
    """Two teas, one adjustment, cash, check-out, the invoice, and a credit note with another bill-to."""
    at = await in_house(guests, desk)
    owed = at["balance"]["amount_minor"]
    at = await desk.done(at, "charges", **TEA)
    assert at["balance"]["amount_minor"] == owed + 800_00
    less = {"code": "GOODWILL", "name": "Goodwill", "amount": rupees(-100_00), "reason": "The lift was out."}
    no = await desk.act(at["reference"], "charges", {"version": at["version"], **less})
    problem(no, 403, "role_missing")
    at = await manager.done(at, "charges", **less)
    book = await book_of(desk, at)
    assert [(line["kind"], line["amount"]["amount_minor"]) for line in book["folios"][0]["lines"]] == [
        ("extra", 800_00), ("adjustment", -100_00),
    ]  # fmt: skip
    assert book["folios"][0]["lines"][0]["tax"]["amount_minor"] == 38_10
    at = await desk.done(at, "payments", method="cash", amount=at["balance"])
    at = await desk.done(at, "check-out")
    book = await book_of(desk, at)
    assert book["posted"] == book["owed"] == book["paid"]
    assert book["balance"]["amount_minor"] == book["folios"][0]["balance"]["amount_minor"] == 0
    (paper,) = (await desk.see(f"bookings/{at['reference']}/invoices"))["items"]
    assert (paper["kind"], paper["due"]["amount_minor"], paper["total"]) == ("invoice", 0, book["posted"])
    assert {line["invoice"] for line in book["folios"][0]["lines"]} == {paper["number"]}
    problem(await posted(desk, at, "invoices", {}), 409, "nothing_to_invoice")
    credit = await posted(manager, at, f"invoices/{paper['number']}/credit-note", {"reason": "The company pays."}, "k1")
    assert credit.status_code == 201, credit.text
    again = await posted(manager, at, f"invoices/{paper['number']}/credit-note", {"reason": "The company pays."}, "k1")
    assert again.json() == credit.json()
    assert credit.json()["corrects"] == paper["number"]
    other = await posted(manager, at, f"invoices/{paper['number']}/credit-note", {"reason": "Another."}, "k1")
    problem(other, 409, "idempotency_key_reused")
    billed = await posted(desk, at, "folios/1", {"name": "Harbour Works", "tax_number": "IN 1"}, method="PATCH")
    assert billed.json()["folios"][0]["bill_to"]["name"] == "Harbour Works"
    fresh = await posted(desk, at, "invoices", {"folio": 1})
    assert fresh.json()["bill_to"]["name"] == "Harbour Works"
    drawer = (await desk.see("cash-drawer"))["drawer"]
    assert drawer["movements"][0]["reference"] == at["reference"]


async def test_papers_are_printed_for_the_desk_and_the_guest(guests: Guests, desk: Desk, worker: None) -> None:
    made = await guests.booked()
    problem(await guests.see(made, "/confirmation.pdf"), 409, "not_confirmed")
    problem(await guests.see(made, "/invoice.pdf"), 404, "no_invoice_yet")
    problem(await guests.see(made, "/payments/1/receipt.pdf"), 404, "not_found")
    at = await desk.done(made, "approve")
    at = await desk.done(at, "payments", method="cash", amount=rupees(100_00))
    answers = [
        await guests.see(made, "/confirmation.pdf"), await guests.see(made, "/payments/1/receipt.pdf"),
        await desk.get(f"bookings/{at['reference']}/payments/1/receipt.pdf"),
        await desk.get(f"bookings/{at['reference']}/confirmation.pdf"),
    ]  # fmt: skip
    for answer in answers:
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf"), answer.text
        assert answer.content.startswith(b"%PDF-1.7")
        assert answer.headers["cache-control"] == "private, no-store"
    assert answers[1].content == answers[2].content
    (receipt,) = (await desk.see(f"bookings/{at['reference']}/invoices"))["items"]
    assert receipt["kind"] == "receipt"
    problem(await desk.get(f"bookings/{at['reference']}/proforma.pdf"), 409, "nothing_to_invoice")
    problem(await desk.get(f"bookings/{at['reference']}/invoices/INV-2099-000001.pdf"), 404, "not_found")


async def test_a_confirmation_tells_the_cancellation_terms_in_the_guests_language(
    guests: Guests, desk: Desk, worker: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The guest's copy and that of the desk; what is printed is what letters say."""
    printed: list[Paper] = []

    async def kept(_: Printer, paper: Paper) -> bytes:
        printed.append(paper)
        return b"%PDF-1.7"

    monkeypatch.setattr(Printer, "print", kept)
    made = await guests.booked()
    at = await desk.done(made, "approve")
    for language in ("en", "pt"):
        details = f"{API}/bookings/{at['reference']}/guest"
        changed = await guests.api.patch(details, json={"language": language}, headers=bearer(made["access_token"]))
        assert changed.status_code == 200, changed.text
        assert (await guests.see(made, "/confirmation.pdf")).status_code == 200
    assert [paper.occasion.language for paper in printed] == ["en", "pt"]
    assert [paper.notes for paper in printed] == [
        ("Not refundable: cancelling costs the whole stay.",),
        ("Não reembolsável: o cancelamento custa a estadia completa.",),
    ]


async def test_the_bytes_of_an_issued_paper_are_those_that_were_made_first(
    guests: Guests, desk: Desk, worker: None, owner_url: str
) -> None:
    at = await in_house(guests, desk)
    at = await desk.done(at, "charges", **TEA)
    proforma = await desk.get(f"bookings/{at['reference']}/proforma.pdf")
    assert proforma.status_code == 200
    number = (await posted(desk, at, "invoices", {"folio": 1})).json()["number"]
    one, two = [await desk.get(f"bookings/{at['reference']}/invoices/{number}.pdf") for _ in range(2)]
    assert one.content == two.content
    with connect(owner_url) as db:
        kept = db.execute(
            "SELECT p.sha256, p.size_bytes FROM invoice_prints p JOIN invoices i USING (hotel_id, series, no)"
            " WHERE i.reference = %s", [at["reference"]],
        ).fetchall()  # fmt: skip
    assert kept == [(hashlib.sha256(one.content).hexdigest(), len(one.content))]


async def test_rooms_go_to_the_company_and_extras_to_the_guest(guests: Guests, desk: Desk, worker: None) -> None:
    at = await in_house(guests, desk)
    company = {"kind": "company", "name": "Harbour Works", "routes": ["room", "tax", "fee"]}
    for _ in range(2):
        answer = await posted(desk, at, "folios", company, "the-company")
        assert answer.status_code == 201, answer.text
        assert [folio["folio"] for folio in answer.json()["folios"]] == [1, 2]
    problem(await posted(desk, at, "folios", {"from_source": True}), 422, "no_company")
    at = await desk.done(at, "charges", **TEA)
    moved = await posted(desk, at, "folios/transfers", {"lines": [1], "folio": 2, "reason": "The company said so."})
    assert [folio["posted"]["amount_minor"] for folio in moved.json()["folios"]] == [0, 800_00]
    problem(await posted(desk, at, "folios/transfers", {"lines": [1], "folio": 2}), 409, "line_taken_back")
    back = await desk.act(at["reference"], "charges/3/reverse", {"version": at["version"], "reason": "It was cold."})
    assert back.status_code == 200, back.text
    assert [folio["posted"]["amount_minor"] for folio in (await book_of(desk, at))["folios"]] == [0, 0]
    at = await desk.done(back.json(), "check-out", reason="The company pays.")
    papers = (await desk.see(f"bookings/{at['reference']}/invoices"))["items"]
    assert [(paper["folio"], paper["bill_to"]["name"]) for paper in papers] == [(2, "Harbour Works")]


def sums(book: Body) -> list[tuple[int, int]]:
    """What was paid on each folio, and its balance."""
    return [(one["paid"]["amount_minor"], one["balance"]["amount_minor"]) for one in book["folios"]]


async def test_the_company_pays_its_own_folio_and_the_guest_theirs(guests: Guests, desk: Desk, worker: None) -> None:
    """One payment is taken on each folio, one more on the wrong one, which is moved before the invoices."""
    at = await in_house(guests, desk)
    await posted(desk, at, "folios", {"kind": "company", "name": "Harbour Works", "routes": ["room", "tax", "fee"]})
    at = await desk.done(at, "charges", **TEA)
    nights = at["balance"]["amount_minor"] - 800_00
    asked = {"version": at["version"], "method": "transfer", "amount": rupees(100_00)}
    problem(await desk.act(at["reference"], "payments", {**asked, "folio": 3}), 422, "folio_unknown")
    problem(await desk.act(at["reference"], "payments", {**asked, "folio": 21}), 400, "invalid_request")
    at = await desk.done(at, "payments", method="transfer", amount=rupees(100_00), folio=2)
    at = await desk.done(at, "payments", method="upi", amount=rupees(800_00))
    at = await desk.done(at, "payments", method="upi", amount=rupees(nights - 100_00))
    book = await book_of(desk, at)
    assert (sums(book)[0], book["paid"]["amount_minor"]) == ((nights + 700_00, 100_00 - nights), nights + 800_00)
    assert [(one["number"], one["folio"], len(one["placed"])) for one in book["payments"]] == [
        (1, 2, 1), (2, 1, 0), (3, 1, 0),
    ]  # fmt: skip
    move = {"payments": [3], "folio": 2, "reason": "The company's card."}
    for _ in range(2):
        moved = await posted(desk, at, "folios/transfers", move, "the-payment")
        assert moved.status_code == 200, moved.text
    assert sums(moved.json())[0] == (800_00, 0)
    assert moved.json()["payments"][2]["placed"][0]["reason"] == "The company's card."
    problem(await posted(desk, at, "folios/transfers", move), 409, "payment_there_already")
    problem(await posted(desk, at, "folios/transfers", {**move, "payments": [9]}), 422, "payment_unknown")
    problem(await posted(desk, at, "folios/transfers", {"folio": 2}), 400, "invalid_request")
    at = await desk.done(at, "check-out")
    book = await book_of(desk, at)
    assert (sums(book), book["uneven"]) == ([(800_00, 0), (nights, 0)], [])
    papers = (await desk.see(f"bookings/{at['reference']}/invoices"))["items"]
    assert [(one["folio"], one["due"]["amount_minor"]) for one in papers] == [(1, 0), (2, 0)]
    problem(await posted(desk, at, "folios/transfers", {**move, "folio": 1}), 409, "payment_invoiced")


async def test_a_payment_on_the_wrong_folio_keeps_nobody_and_is_told(guests: Guests, desk: Desk, worker: None) -> None:
    at = await in_house(guests, desk)
    await posted(desk, at, "folios", {"kind": "company", "name": "Harbour Works", "routes": ["room", "tax", "fee"]})
    owed = at["balance"]["amount_minor"]
    at = await desk.done(at, "payments", method="cash", amount=at["balance"])
    assert (await book_of(desk, at))["uneven"] == []
    at = await desk.done(at, "check-out")
    book = await book_of(desk, at)
    assert (sums(book), book["uneven"], book["balance"]["amount_minor"]) == ([(owed, -owed), (0, owed)], [1, 2], 0)


async def test_what_can_not_be_charged_is_refused_with_its_rule(
    guests: Guests, desk: Desk, manager: Desk, worker: None
) -> None:
    at = await in_house(guests, desk)
    for change, status, code in (
        ({"tax_code": "NONE"}, 422, "tax_code_unknown"), ({"folio": 7}, 422, "folio_unknown"),
        ({"amount": rupees(0)}, 422, "amount_is_zero"), ({"quantity": 0}, 400, "invalid_request"),
        ({"amount": {"amount_minor": 1, "currency": "EUR"}}, 422, "currency_differs"),
        ({"amount": rupees(10**9), "quantity": 2}, 422, "amount_out_of_bounds"),
        ({"amount": rupees(-(10**8)), "reason": "Why."}, 422, "more_than_owed"),
        ({"amount": rupees(-1), "reason": ""}, 422, "reason_needed"),
    ):  # fmt: skip
        body = {"version": at["version"], **TEA, **change}
        problem(await manager.act(at["reference"], "charges", body, secrets.token_hex(6)), status, code)
    no = await desk.act(at["reference"], "charges/9/reverse", {"version": at["version"], "reason": "Why."})
    problem(no, 422, "line_unknown")
    assert (await book_of(desk, at))["folios"][0]["lines"] == []


async def test_a_charge_sent_twice_under_one_key_is_one_charge(guests: Guests, desk: Desk, worker: None) -> None:
    at = await in_house(guests, desk)
    body = {"version": at["version"], **TEA}
    answers = [await desk.act(at["reference"], "charges", body, "one-key") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert len((await book_of(desk, at))["folios"][0]["lines"]) == 1


async def test_a_drawer_is_opened_moved_and_closed_with_its_difference(manager: Desk) -> None:
    async def use(body: Body) -> Response:
        headers = {**bearer(manager.token), "Idempotency-Key": secrets.token_hex(6)}
        return await manager.api.post(f"{API}/desk/cash-drawer", json=body, headers=headers)

    if ((await manager.see("cash-drawer"))["drawer"] or {}).get("open"):
        await use({"do": "close", "amount": rupees(0)})
    assert (await use({"do": "open", "amount": rupees(100_00)})).json()["drawer"]["open"]
    problem(await use({"do": "out", "amount": rupees(100_01), "reason": "Bank."}), 422, "more_than_there_is")
    problem(await use({"do": "in", "amount": {"amount_minor": 1, "currency": "EUR"}}), 422, "currency_differs")
    assert (await use({"do": "out", "amount": rupees(20_00), "reason": "Bank."})).status_code == 200
    closed = (await use({"do": "close", "amount": rupees(79_00), "reason": "Counted twice."})).json()["drawer"]
    assert (closed["open"], closed["difference"]["amount_minor"]) == (False, -1_00)
    problem(await use({"do": "in", "amount": rupees(1), "reason": "Late."}), 409, "drawer_closed")
