"""What the plain pages are made with: one set of templates, and amounts in words."""

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from starlette.responses import HTMLResponse

from api.shapes.common import Money
from domain.money import Money as Amount
from domain.money import format_money

WEB = Path(__file__).resolve().parent.parent / "web"


@cache
def templates() -> Environment:
    """The templates of web/, which show nothing that was not given, and escape all of it."""
    return Environment(
        loader=FileSystemLoader(WEB), autoescape=select_autoescape(), undefined=StrictUndefined, trim_blocks=True
    )


def page(name: str, status: int = 200, **shown: Any) -> HTMLResponse:
    """A page as it is sent."""
    return HTMLResponse(templates().get_template(name).render(**shown), status)


def amount_in_words(amount: Money) -> str:
    """An amount with its currency, as the pages say it."""
    return format_money(Amount(amount.amount_minor, amount.currency))
