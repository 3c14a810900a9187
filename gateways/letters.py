"""Letters: what a notice becomes on its way to a reader, in HTML and in plain text, in the reader's language.

The words of each kind are in templates/words, one file a kind and language; the layout is one MJML file and one text
file. MJML is compiled once, with its placeholders left in, so that a letter costs one rendering and nothing more. All
that comes from people is escaped.
"""

from collections.abc import Mapping
from email.utils import parseaddr
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from mjml import mjml2html

from domain.letters import MOST_NAME_CHARACTERS, LetterFacts, shortened, subject_line
from domain.notices import ASKING, NoticeKind, address_trouble
from gateways.letter_money import priced_rooms, totals
from gateways.letter_parts import PRICED, closing, fact_table, footer, next_steps, policy
from gateways.letter_words import vocabulary
from gateways.mailer import Letter
from gateways.spoken import TONGUES, spoken
from gateways.tongues import Tongue
from messages.tokens import guest_token, pay_token

TEMPLATES = Path(__file__).parent / "templates"
# An address that was replaced is told so, and no more: whoever reads there may not be the guest.
_WITHOUT_LINK = frozenset({NoticeKind.EMAIL_CHANGED})


class Letters:
    """Writes letters. base_url: where guests and staff reach the pages; secret: signs guests' links.

    mail_from: the address that all letters come from; readers see the hotel's name before it and answer to the hotel.
    """

    def __init__(self, base_url: str, secret: str, mail_from: str) -> None:
        self._base_url = base_url.rstrip("/")
        self._secret = secret
        self._mail_from = parseaddr(mail_from)[1] or mail_from
        plain = Environment(
            loader=FileSystemLoader(TEMPLATES),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            autoescape=False,  # noqa: S701 - plain text knows no markup; the HTML below escapes.
        )
        plain.filters["first_upper"] = _first_upper
        rich = Environment(undefined=StrictUndefined, autoescape=True)
        layout = (TEMPLATES / "letter.mjml").read_text(encoding="utf-8")
        self._html = rich.from_string(mjml2html(layout))
        self._text = plain.get_template("letter.txt")
        self._words = {
            (code, kind): plain.get_template(f"words/{code}/{kind.value}.txt")
            for code in TONGUES
            for kind in NoticeKind
        }

    def write(self, facts: LetterFacts) -> Letter:
        """The letter of a notice that is true of at least one room. Errors: ValueError for a link that is not ours."""
        parts = self._parts(facts, spoken(facts.language))
        hotel = facts.hotel
        return Letter(
            to=facts.to,
            subject=parts["subject"],
            html=self._html.render(parts),
            text=f"{self._text.render(parts).strip()}\n",
            sender=_sender(hotel.name, self._mail_from),
            reply_to="" if facts.kind.audience == "staff" or address_trouble(hotel.email) else hotel.email,
            tag=facts.kind.value,
            metadata={
                "holdfast_notice": f"{hotel.hotel_id}.{facts.notice.notice_id}",
                "holdfast_booking": facts.booking.reference,
            },
        )

    def _parts(self, facts: LetterFacts, tongue: Tongue) -> dict[str, Any]:
        words = _said(self._words[tongue.code, facts.kind], vocabulary(facts, tongue))
        link = self._link(facts)
        priced = facts.kind in PRICED
        return {
            "lang": tongue.code,
            "subject": subject_line(words["subject"], facts.booking.reference, facts.kind.audience),
            "hotel": facts.hotel,
            "heading": words["heading"],
            "preview": words["preview"],
            "opening": words["opening"].split("\n\n"),
            "facts": list(fact_table(facts, tongue)),
            "button": words["button"] if link else "",
            "link": link,
            "rooms": priced_rooms(facts, tongue) if priced else [],
            "totals": list(totals(facts, tongue)) if priced else [],
            "policy": list(policy(facts, tongue)),
            "next_title": tongue.say("what_happens_next"),
            "next_steps": list(next_steps(facts, tongue)),
            "closing": list(closing(facts, tongue)),
            "footer": list(footer(facts, tongue)),
        }

    def _link(self, facts: LetterFacts) -> str:
        """The page to pay on, or the reader's page of the booking; no such page without a guest portal."""
        booking = facts.booking
        if facts.kind is NoticeKind.EMAIL_CONFIRM:
            return self._own_link(facts.notice.link)
        if facts.kind.audience == "staff":
            return f"{self._base_url}/desk/bookings/{quote(booking.reference)}"
        if facts.kind in ASKING:
            token = pay_token(self._secret, facts.hotel.hotel_id, booking.reference, facts.token_generation)
            return f"{self._base_url}/pay/{quote(token)}"
        if not booking.terms.guest_portal or facts.kind in _WITHOUT_LINK:
            return ""
        token = guest_token(self._secret, facts.hotel.hotel_id, booking.reference, facts.token_generation)
        return f"{self._base_url}/b/{quote(booking.reference)}?token={quote(token)}"

    def _own_link(self, link: str) -> str:
        """The link in full. Letters lead to our own pages only, whatever was asked for."""
        whole = f"{self._base_url}{link}" if link.startswith("/") else link
        if not whole.startswith(f"{self._base_url}/"):
            raise ValueError("a letter's link must lead to a page of ours")
        return whole


def _first_upper(text: str) -> str:
    """For a phrase that begins a sentence."""
    return text[:1].upper() + text[1:]


def _sender(name: str, address: str) -> str:
    shown = shortened(name, MOST_NAME_CHARACTERS).replace("\\", "").replace('"', "")
    return f'"{shown}" <{address}>' if shown else address


def _said(template: Template, words: Mapping[str, Any]) -> dict[str, str]:
    """Each block of a file of words, its paragraphs on one line each."""
    context = template.new_context(dict(words))
    said: dict[str, str] = {}
    for name, block in template.blocks.items():
        paragraphs = "".join(block(context)).strip().split("\n\n")
        said[name] = "\n\n".join(_on_one_line(part) for part in paragraphs if part.strip())
    return said


def _on_one_line(text: str) -> str:
    """Line breaks and runs of spaces as one space; the spaces that keep a number together stay."""
    return " ".join(part for part in text.replace("\n", " ").replace("\t", " ").split(" ") if part)
