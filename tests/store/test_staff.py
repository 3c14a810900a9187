"""Who works where."""

import pytest
from sqlalchemy import text

from store.session import Database, app_url
from store.staff import StaffMember, find_staff_by_email, roles_of
from tests.houses import opened


async def person(database: Database, email: str = "frontdesk@malabar.example") -> StaffMember:
    async with database.public() as tx:
        found = await find_staff_by_email(tx, email)
    assert found is not None
    return found


async def test_an_address_finds_its_person_however_it_is_written(database: Database) -> None:
    found = await person(database)
    assert await person(database, "  FrontDesk@Malabar.Example ") == found
    assert (found.email, found.active) == ("frontdesk@malabar.example", True)
    async with database.public() as tx:
        assert await find_staff_by_email(tx, "nobody@malabar.example") is None


async def test_roles_are_seen_by_their_own_person_and_inside_the_hotel_only(fresh_url: str) -> None:
    async with opened(app_url(fresh_url)) as database:
        manager = await person(database, "manager@malabar.example")
        async with opened(fresh_url) as owner, owner.hotel(5) as tx:
            await tx.execute(
                text("INSERT INTO staff_roles (hotel_id, staff_id, role) VALUES (5, :staff_id, 'frontdesk')"),
                {"staff_id": manager.id},
            )
        async with database.public(manager.id) as tx:
            everywhere = await roles_of(tx, manager.id)
        async with database.hotel(3) as tx:
            here = await roles_of(tx, manager.id)
        async with database.public((await person(database)).id) as tx:
            as_somebody_else = await roles_of(tx, manager.id)
        async with database.public() as tx:
            as_nobody = await roles_of(tx, manager.id)
    assert [(role.hotel_id, role.hotel_slug, role.role) for role in everywhere] == [
        (5, "lagoon", "frontdesk"),
        (3, "malabar", "manager"),
    ]
    assert [role.hotel_slug for role in here] == ["malabar"]
    assert as_somebody_else == as_nobody == []


async def test_operations_can_read_nothing_of_logins(ops_url: str) -> None:
    for table in ("staff", "sessions", "second_factors", "recovery_codes", "login_attempts"):
        async with opened(ops_url) as database:
            with pytest.raises(Exception, match="permission denied"):
                async with database.public() as tx:
                    await tx.execute(text(f"SELECT * FROM {table}"))
