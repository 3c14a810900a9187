"""By what a guest is known again, who fits a room's price, and what papers are taken: docs/rules/guests.md."""

import pytest

from domain.files import MOST_NAME_CHARACTERS, clean_name, media_type_of
from domain.guests import check_fits, email_key, last_name_key
from domain.refusals import Refused


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Anna@Example.COM", "anna@example.com"),
        ("  anna@example.com ", "anna@example.com"),
        ("j\u00e4ger@example.com", "ja\u0308ger@example.com"),
        ("STRASSE@example.com", "stra\u00dfe@example.com"),
    ],
)
def test_an_address_written_in_two_ways_is_one(one: str, other: str) -> None:
    assert email_key(one) == email_key(other)


def test_addresses_that_differ_in_more_than_case_are_two() -> None:
    assert email_key("anna@example.com") != email_key("ana@example.com")
    assert email_key("j\u00e4ger@example.com") != email_key("jager@example.com")


@pytest.mark.parametrize("nothing", [None, "", "   "])
def test_without_an_address_there_is_no_key(nothing: str | None) -> None:
    assert email_key(nothing) is None


@pytest.mark.parametrize(
    "name",
    [
        "Jos\u00e9 Concei\u00e7\u00e3o",
        "CONCEICAO, Jose",
        "jose conceicao",
        " Jose  Conceicao. ",
        "J. Conceic\u0327a\u0303o",
    ],
)
def test_a_last_name_is_one_however_it_is_written(name: str) -> None:
    assert last_name_key(name) == "conceicao"


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Example", "example"),
        ("Anna Example-Other", "example-other"),
        ("da Silva, Ana", "da silva"),
        ("Anna O'Example", "o'example"),
        ("\u5c71\u7530 \u592a\u90ce", "\u592a\u90ce"),
        ("\u0905\u0928\u0940\u0924\u093e \u0926\u0947\u0935\u0940", "\u0926\u0947\u0935\u0940"),
        ("Anna 2", "anna"),
        ("...", ""),
        ("12 34", ""),
        ("", ""),
    ],
)
def test_the_last_name_is_the_last_word_or_what_stands_before_a_comma(name: str, key: str) -> None:
    assert last_name_key(name) == key


@pytest.mark.parametrize("ages", [[], [None], [None, None], [None, 40, 4], [4], [18, None], [None, 4, 4]])
def test_who_is_named_may_be_fewer_than_the_price_was_made_for(ages: list[int | None]) -> None:
    check_fits(2, [4, 4], ages)


@pytest.mark.parametrize("ages", [[None, None, None], [None, None, 5], [None, 4, 4, 4], [18, 30, None], [None, 3]])
def test_more_or_other_ages_than_the_price_was_made_for_need_an_amend(ages: list[int | None]) -> None:
    with pytest.raises(Refused) as refused:
        check_fits(2, [4, 4], ages)
    assert (refused.value.code, refused.value.field) == ("occupancy_differs", "guests")
    assert "2 adults and children of 4, 4" in refused.value.detail


def test_a_child_in_a_room_without_children_is_refused_in_words() -> None:
    with pytest.raises(Refused, match="1 adult and no children"):
        check_fits(1, [], [9])


@pytest.mark.parametrize(
    ("beginning", "media_type"),
    [
        (b"%PDF-1.7\n", "application/pdf"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\r", "image/png"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "image/jpeg"),
        (b"\0\0\0\x18ftypheic\0\0\0\0", "image/heic"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0", "image/heic"),
        (b"\0\0\0\x18ftypisom\0\0\0\0", None),
        (b"<svg xmlns=", None),
        (b"<html><script>", None),
        (b"PK\x03\x04", None),
        (b"MZ\x90\0", None),
        (b" %PDF-1.7", None),
        (b"", None),
    ],
)
def test_a_file_is_what_its_first_bytes_say(beginning: bytes, media_type: str | None) -> None:
    assert media_type_of(beginning) == media_type


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("letter.pdf", "letter.pdf"),
        ("letter.exe", "letter.pdf"),
        ("../../etc/passwd", "passwd.pdf"),
        ("C:\\papers\\id card.PNG", "id card.pdf"),
        ('a"b\r\nSet-Cookie: x=1.pdf', "a b Set-Cookie x 1.pdf"),
        ("gnp\u202efdp.exe", "gnp fdp.pdf"),
        ("pass\u00e9port de l\u2019h\u00f4te.jpg", "pass\u00e9port de l h\u00f4te.pdf"),
        ("", "file.pdf"),
        ("...", "file.pdf"),
        (".htaccess", "htaccess.pdf"),
    ],
)
def test_a_name_is_cleaned_and_ends_as_its_kind_does(name: str, kept: str) -> None:
    assert clean_name(name, "application/pdf") == kept


def test_a_long_name_is_cut() -> None:
    assert len(clean_name("x" * 5_000, "image/jpeg")) == MOST_NAME_CHARACTERS + len(".jpg")
