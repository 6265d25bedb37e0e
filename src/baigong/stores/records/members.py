"""Rows about people: locks, second factors, recovery codes; every function is work on one connection."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa

from baigong.stores.records.access import PersonRow
from baigong.stores.records.tables import people, person_locks, recovery_codes, second_factors, sessions


@dataclass(slots=True, frozen=True)
class FactorRow:
    """A person's one-time passwords. ``secret``: an envelope; ``confirmed_us`` None: begun, not yet in force."""

    person: str
    secret: str
    last_step: int
    confirmed_us: int | None


def all_people(connection: sa.Connection) -> list[PersonRow]:
    rows = connection.execute(sa.select(people).order_by(people.c.name))
    return [PersonRow(**{n: getattr(r, n) for n in PersonRow.__slots__}) for r in rows]


def people_of(connection: sa.Connection, tenant: str) -> list[PersonRow]:
    rows = connection.execute(sa.select(people).where(people.c.tenant == tenant).order_by(people.c.name))
    return [PersonRow(**{n: getattr(r, n) for n in PersonRow.__slots__}) for r in rows]


def signed_in_people(connection: sa.Connection, now_us: int) -> list[PersonRow]:
    """Return those who have a session that has not run out."""
    there = sa.select(sessions.c.person).where(sessions.c.expires_us >= now_us)
    rows = connection.execute(sa.select(people).where(people.c.name.in_(there)))
    return [PersonRow(**{n: getattr(r, n) for n in PersonRow.__slots__}) for r in rows]


def count_people(connection: sa.Connection) -> dict[str, int]:
    """Return how many people each tenant has."""
    counted = sa.select(people.c.tenant, sa.func.count()).group_by(people.c.tenant)
    return {tenant: int(count) for tenant, count in connection.execute(counted)}


def add_person(connection: sa.Connection, row: PersonRow) -> None:
    """Write somebody new; a name that exists is config.conflict."""
    connection.execute(people.insert().values({n: getattr(row, n) for n in PersonRow.__slots__}))


def drop_person(connection: sa.Connection, name: str) -> None:
    """Delete a person with all that hangs on them: sessions, tokens, factors."""
    connection.execute(people.delete().where(people.c.name == name))


def all_locks(connection: sa.Connection) -> set[str]:
    return set(connection.execute(sa.select(person_locks.c.person)).scalars())


def called(connection: sa.Connection, name: str) -> str | None:
    """Return the name of somebody who is called so, in large letters or small."""
    same = sa.or_(people.c.name == name, sa.func.lower(people.c.name) == name.lower())
    return connection.execute(sa.select(people.c.name).where(same).limit(1)).scalar_one_or_none()


def put_lock(connection: sa.Connection, person: str, by: str, now_us: int) -> None:
    drop_lock(connection, person)
    connection.execute(person_locks.insert().values(person=person, locked_us=now_us, locked_by=by))


def drop_lock(connection: sa.Connection, person: str) -> None:
    connection.execute(person_locks.delete().where(person_locks.c.person == person))


def all_factors(connection: sa.Connection) -> list[FactorRow]:
    return [
        FactorRow(r.person, r.secret, r.last_step, r.confirmed_us) for r in connection.execute(second_factors.select())
    ]


def put_factor(connection: sa.Connection, row: FactorRow) -> None:
    connection.execute(second_factors.delete().where(second_factors.c.person == row.person))
    connection.execute(second_factors.insert().values({n: getattr(row, n) for n in FactorRow.__slots__}))


def use_step(connection: sa.Connection, person: str, step: int) -> bool:
    """Use up every code up to ``step``; False when it was used before."""
    c = second_factors.c
    fresh = second_factors.update().where(c.person == person, c.last_step < step).values(last_step=step)
    return bool(connection.execute(fresh).rowcount)


def drop_factor(connection: sa.Connection, person: str, codes_too: bool = True) -> None:
    connection.execute(second_factors.delete().where(second_factors.c.person == person))
    if codes_too:
        connection.execute(recovery_codes.delete().where(recovery_codes.c.person == person))


def put_recovery_codes(connection: sa.Connection, person: str, digests: Iterable[str]) -> None:
    """Replace a person's codes."""
    connection.execute(recovery_codes.delete().where(recovery_codes.c.person == person))
    connection.execute(recovery_codes.insert(), [{"person": person, "digest": d} for d in digests])


def use_recovery_code(connection: sa.Connection, person: str, digest: str) -> bool:
    """Use one up; False when there is none like it."""
    c = recovery_codes.c
    return bool(connection.execute(recovery_codes.delete().where(c.person == person, c.digest == digest)).rowcount)


def count_recovery_codes(connection: sa.Connection, person: str) -> int:
    counted = sa.select(sa.func.count()).where(recovery_codes.c.person == person)
    return int(connection.execute(counted).scalar_one())
