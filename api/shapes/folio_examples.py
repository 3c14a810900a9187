"""Examples of folios, drawers and papers."""

from typing import Any

REFERENCE = "MLB-20261215-7Q4K2M"


def inr(amount_minor: int) -> dict[str, Any]:
    """So many paise."""
    return {"amount_minor": amount_minor, "currency": "INR"}


LINE: dict[str, Any] = {
    "number": 1, "kind": "extra", "code": "TEA", "name": "Tea", "quantity": 2, "amount": inr(80000), "net": inr(76190),
    "tax": inr(3810), "tax_code": "GST5", "tax_percent": "5", "stay": None, "night": None,
    "business_date": "2026-12-15", "posted_at": "2026-12-15T11:00:00Z", "reverses": None, "taken_back_by": None,
    "transfer": None, "invoice": None, "reason": "",
}  # fmt: skip
GUEST_BILL = {"name": "", "address": "", "tax_number": ""}
COMPANY_BILL = {"name": "Harbour Works", "address": "1 Quay Road\nKochi", "tax_number": "32AAAAA0000A1Z5"}
BOOK: dict[str, Any] = {
    "reference": REFERENCE, "version": 5, "owed": inr(1508000), "posted": inr(80000), "paid": inr(0),
    "balance": inr(1508000), "uneven": [], "payments": [],
    "folios": [
        {
            "folio": 1, "kind": "guest", "bill_to": GUEST_BILL, "routes": [], "posted": inr(80000),
            "paid": inr(0), "balance": inr(80000), "lines": [LINE],
        }
    ],
}  # fmt: skip
WITH_COMPANY = {
    **BOOK,
    "folios": [
        *BOOK["folios"],
        {"folio": 2, "kind": "company", "bill_to": COMPANY_BILL, "routes": ["room"], "posted": inr(0),
         "paid": inr(0), "balance": inr(0), "lines": []},
    ],
}  # fmt: skip
NEW_FOLIO = {"kind": "company", **COMPANY_BILL, "routes": ["room"]}
CHARGE = {"version": 4, "code": "TEA", "name": "Tea", "amount": inr(40000), "quantity": 2, "tax_code": "GST5"}
DRAWER: dict[str, Any] = {
    "drawer": {
        "drawer": 7, "open": True, "opened_at": "2026-12-15T02:00:00Z", "closed_at": None, "opening_float": inr(500000),
        "expected": inr(1928000), "counted": None, "difference": None, "note": "",
        "movements": [
            {"number": 1, "kind": "payment", "amount": inr(1428000), "reference": REFERENCE, "payment": 1,
             "reason": "", "moved_at": "2026-12-15T05:00:00Z"}
        ],
    }
}  # fmt: skip
CLOSED: dict[str, Any] = {
    "drawer": {
        **DRAWER["drawer"], "open": False, "closed_at": "2026-12-15T15:00:00Z", "counted": inr(1927900),
        "difference": inr(-100), "note": "Counted twice.",
    }
}  # fmt: skip
PAPER: dict[str, Any] = {
    "number": "INV-2026-000012", "kind": "invoice", "issued_on": "2026-12-17", "folio": 1,
    "bill_to": {"name": "Maria Thomas", "address": "", "tax_number": ""}, "total": inr(1428000),
    "payable": inr(1428000), "due": inr(0),
    "taxes": [{"code": "GST", "percent": "5", "base": inr(1360000), "tax": inr(68000)}], "lines": [1, 2, 3, 4],
    "deducts": [], "corrects": None, "reason": "",
    "pdf": f"/api/v1/desk/bookings/{REFERENCE}/invoices/INV-2026-000012.pdf",
}  # fmt: skip
CREDIT: dict[str, Any] = {
    **PAPER, "number": "CN-2026-000001", "kind": "credit_note", "total": inr(-1428000), "payable": inr(-1428000),
    "due": inr(0), "corrects": "INV-2026-000012", "reason": "Billed to the company instead.",
    "taxes": [{"code": "GST", "percent": "5", "base": inr(-1360000), "tax": inr(-68000)}],
    "pdf": f"/api/v1/desk/bookings/{REFERENCE}/invoices/CN-2026-000001.pdf",
}  # fmt: skip
