"""The second factor: turned on by its first code, asked for at each login, each code good for once."""

import asyncio

import pyotp
import pytest

from api.office import CONFIRM_WITHIN
from tests.api.doors import Doors
from tests.api.world import PASSWORD, problem

WHO, COLLEAGUE = "manager@malabar.example", "frontdesk@malabar.example"


class App:
    """Somebody's authenticator app, whose clock is the API's."""

    def __init__(self, doors: Doors, secret: str, recovery_codes: list[str]) -> None:
        self._doors = doors
        self.secret = secret
        self.recovery_codes = recovery_codes

    def code(self, steps: int = 0) -> str:
        """The code of now, or of so many half minutes from now."""
        return pyotp.TOTP(self.secret).at(self._doors.now, counter_offset=steps)


async def turned_on(doors: Doors, email: str = WHO) -> App:
    """The second factor of somebody, and half a minute gone by."""
    token = await doors.token(email)
    secret = (await doors.ask(token, "POST", "totp")).json()["secret"]
    app = App(doors, secret, [])
    answer = await doors.ask(token, "POST", "totp/confirm", {"code": app.code()})
    assert answer.status_code == 200, answer.text
    app.recovery_codes = answer.json()["recovery_codes"]
    doors.later(seconds=60)
    return app


async def test_nothing_is_asked_before_the_first_code_was_right(doors: Doors) -> None:
    """A secret that was never confirmed locks nobody out."""
    token = await doors.token(WHO)
    begun = (await doors.ask(token, "POST", "totp")).json()
    assert begun["otpauth_uri"].startswith("otpauth://totp/Holdfast:manager%40malabar.example?secret=")
    assert begun["secret"] in begun["otpauth_uri"]
    app = App(doors, begun["secret"], [])
    wrong = f"{(int(app.code()) + 1) % 1_000_000:06}"
    problem(await doors.ask(token, "POST", "totp/confirm", {"code": wrong}), 422, "code_refused")
    assert (await doors.log_in(WHO)).status_code == 200
    assert (await doors.ask(token, "GET", "me")).json()["totp"] is False
    confirmed = await doors.ask(token, "POST", "totp/confirm", {"code": app.code()})
    assert len(set(confirmed.json()["recovery_codes"])) == 8
    assert (await doors.ask(token, "GET", "me")).json()["totp"] is True
    problem(await doors.log_in(WHO), 401, "code_needed")
    assert (await doors.log_in(COLLEAGUE)).status_code == 200


async def test_a_wrong_code_is_told_like_a_wrong_password(doors: Doors) -> None:
    """The same bytes; and a right code helps no wrong password, nor is it used up by one."""
    app = await turned_on(doors)
    wrong_code = await doors.log_in(WHO, code="000000" if app.code() != "000000" else "111111")
    wrong_password = await doors.log_in(WHO, password="wrong", code=app.code())
    unknown = await doors.log_in("nobody@malabar.example", code=app.code())
    problem(wrong_code, 401, "login_refused")
    assert wrong_code.content == wrong_password.content == unknown.content
    assert "set-cookie" not in wrong_code.headers
    assert (await doors.log_in(WHO, code=app.code())).status_code == 200


async def test_a_code_is_taken_once_and_a_later_one_ends_the_earlier(doors: Doors) -> None:
    """Who has looked over a shoulder comes too late; a clock may be half a minute off and no more."""
    app = await turned_on(doors)
    for steps in (-2, 2):
        problem(await doors.log_in(WHO, code=app.code(steps)), 401, "login_refused")
    assert (await doors.log_in(WHO, code=app.code(-1))).status_code == 200
    problem(await doors.log_in(WHO, code=app.code(-1)), 401, "login_refused")
    spaced = f"{app.code(1)[:3]} {app.code(1)[3:]}"
    assert (await doors.log_in(WHO, code=spaced)).status_code == 200
    for steps in (-1, 0, 1):
        problem(await doors.log_in(WHO, code=app.code(steps)), 401, "login_refused")
    doors.later(seconds=60)
    assert (await doors.log_in(WHO, code=app.code())).status_code == 200


async def test_the_code_that_turned_it_on_opens_no_session(doors: Doors) -> None:
    """It was taken, as every code is."""
    token = await doors.token(WHO)
    app = App(doors, (await doors.ask(token, "POST", "totp")).json()["secret"], [])
    assert (await doors.ask(token, "POST", "totp/confirm", {"code": app.code()})).status_code == 200
    problem(await doors.log_in(WHO, code=app.code()), 401, "login_refused")


async def test_of_two_logins_with_one_code_one_gets_in(doors: Doors) -> None:
    """Also when they come at the same moment; the same for a recovery code."""
    app = await turned_on(doors)
    for code in (app.code(), app.recovery_codes[0]):
        answers = await asyncio.gather(*(doors.log_in(WHO, code=code) for _ in range(4)))
        assert sorted(answer.status_code for answer in answers) == [200, 401, 401, 401]


async def test_a_recovery_code_works_once_however_it_is_typed(doors: Doors) -> None:
    """For who has lost the app."""
    app = await turned_on(doors)
    first, second = app.recovery_codes[:2]
    assert (await doors.log_in(WHO, code=first)).status_code == 200
    problem(await doors.log_in(WHO, code=first), 401, "login_refused")
    assert (await doors.log_in(WHO, code=second.lower().replace("-", " "))).status_code == 200
    problem(await doors.log_in(COLLEAGUE, code=app.recovery_codes[2], password="wrong"), 401, "login_refused")
    assert doors.rows("SELECT count(*) FROM recovery_codes") == [(6,)]


async def test_neither_the_secret_nor_a_recovery_code_is_readable_in_the_database(doors: Doors) -> None:
    """A copy of the tables opens no door."""
    app = await turned_on(doors)
    (kept,) = doors.rows("SELECT sealed_secret FROM second_factors")
    assert app.secret.encode() not in bytes(kept[0])
    hashes = [code_hash for (code_hash,) in doors.rows("SELECT code_hash FROM recovery_codes")]
    assert len(set(hashes)) == 8
    plain = {code.replace("-", "") for code in app.recovery_codes}
    assert not any(code in kept_hash.upper() for code in plain for kept_hash in hashes)


async def test_a_secret_is_good_for_its_own_person_and_key_only(doors: Doors) -> None:
    """A row that was copied to somebody else, or sealed with another secret key, makes no code right."""
    app = await turned_on(doors)
    doors.rows(
        "INSERT INTO second_factors (staff_id, sealed_secret, begun_at, confirmed_at)"
        " SELECT p.staff_id, f.sealed_secret, f.begun_at, f.confirmed_at FROM staff p, second_factors f"
        " WHERE p.email = %s",
        COLLEAGUE,
    )
    problem(await doors.log_in(COLLEAGUE), 401, "code_needed")
    problem(await doors.log_in(COLLEAGUE, code=app.code()), 401, "login_refused")
    other = await doors.another(secret_key=type(doors.settings.secret_key)("another secret key of this house"))
    problem(await doors.log_in(WHO, doors.caller(app=other), code=app.code()), 401, "login_refused")
    assert (await doors.log_in(WHO, code=app.code())).status_code == 200


@pytest.mark.parametrize("by", ["app", "recovery"])
async def test_turning_it_off_takes_the_password_and_a_code(doors: Doors, by: str) -> None:
    """A stolen session alone can't; the recovery codes go with it."""
    app = await turned_on(doors)
    code = app.code() if by == "app" else app.recovery_codes[0]
    token = await doors.token(WHO, app.recovery_codes[1])
    doors.later(seconds=60)
    code = app.code() if by == "app" else code
    wrong_password = await doors.ask(token, "DELETE", "totp", {"password": "wrong", "code": code})
    wrong_code = await doors.ask(token, "DELETE", "totp", {"password": PASSWORD, "code": "ABCDE-FGHJK"})
    problem(wrong_password, 422, "code_refused")
    assert wrong_password.content == wrong_code.content
    assert (await doors.ask(token, "DELETE", "totp", {"password": PASSWORD, "code": code})).status_code == 204
    assert doors.rows("SELECT * FROM second_factors NATURAL FULL JOIN recovery_codes") == []
    assert (await doors.log_in(WHO)).status_code == 200
    problem(await doors.ask(token, "DELETE", "totp", {"password": PASSWORD, "code": code}), 409, "second_factor_off")


async def test_a_second_factor_is_begun_confirmed_and_begun_anew_in_order(doors: Doors) -> None:
    """A secret waits a quarter of an hour, a newer one takes its place, and one that is on is not replaced."""
    token = await doors.token(WHO)
    problem(await doors.ask(token, "POST", "totp/confirm", {"code": "123456"}), 409, "second_factor_not_begun")
    first = App(doors, (await doors.ask(token, "POST", "totp")).json()["secret"], [])
    doors.later(seconds=CONFIRM_WITHIN.total_seconds() + 1)
    late = await doors.ask(token, "POST", "totp/confirm", {"code": first.code()})
    problem(late, 409, "second_factor_not_begun")
    second = App(doors, (await doors.ask(token, "POST", "totp")).json()["secret"], [])
    problem(await doors.ask(token, "POST", "totp/confirm", {"code": first.code()}), 422, "code_refused")
    assert (await doors.ask(token, "POST", "totp/confirm", {"code": second.code()})).status_code == 200
    problem(await doors.ask(token, "POST", "totp"), 409, "second_factor_on")
    problem(await doors.ask(token, "POST", "totp/confirm", {"code": second.code(1)}), 409, "second_factor_on")


async def test_wrong_codes_count_as_tries_at_logging_in(doors: Doors) -> None:
    """A million codes can't be tried, neither at the login nor at turning it off."""
    app = await turned_on(doors)
    token = await doors.token(WHO, app.recovery_codes[1])
    guesser = doors.caller("203.0.113.30")
    for n in range(9):
        problem(await doors.log_in(WHO, guesser, code=f"{n:05}X"), 401, "login_refused")
    off = {"json": {"password": PASSWORD, "code": "XXXXXX"}, "headers": {"Authorization": f"Bearer {token}"}}
    problem(await guesser.request("DELETE", "/api/v1/auth/totp", **off), 422, "code_refused")
    problem(await guesser.request("DELETE", "/api/v1/auth/totp", **off), 429, "too_many_requests")
    problem(await doors.log_in(WHO, doors.caller("203.0.113.31"), code=app.code()), 429, "too_many_requests")
