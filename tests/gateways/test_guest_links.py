"""A guest's link opens one booking, and only for whom we signed it."""

import pytest

from messages.tokens import GuestToken, guest_token, read_guest_token

SECRET = "a secret for tests only"
TOKEN = guest_token(SECRET, 3, "MLB-20260314-7Q4K2M", 1)


def test_a_link_says_which_booking_it_opens() -> None:
    assert read_guest_token(SECRET, TOKEN) == GuestToken(3, "MLB-20260314-7Q4K2M", 1)


def test_a_link_needs_no_quoting_in_an_address() -> None:
    assert all(letter.isalnum() or letter in "-_." for letter in TOKEN)


@pytest.mark.parametrize(
    "token",
    [
        "",
        "nonsense",
        TOKEN[:-1],
        TOKEN.replace(".", ".A", 1),
        "A" * 100_000,
        guest_token("another secret", 3, "MLB-20260314-7Q4K2M", 1),
        "\u0000",
        "ü.ü",
    ],
)
def test_a_link_that_we_did_not_sign_opens_nothing(token: str) -> None:
    assert read_guest_token(SECRET, token) is None


def test_a_signed_text_of_another_shape_opens_nothing() -> None:
    from messages.tokens import _serializer

    for told in (["MLB", 3, 1], [3, "MLB"], {"hotel_id": 3}, 5):
        signed = _serializer(SECRET, "guest").dumps(told)
        assert read_guest_token(SECRET, signed if isinstance(signed, str) else signed.decode()) is None
