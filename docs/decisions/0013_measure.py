"""Measures drivers for PostgreSQL under SQLAlchemy. See 0013-postgresql.md.

``pip install psycopg[binary] pg8000 asyncpg greenlet``, then
``python docs/decisions/0013_measure.py user@host:port/database``; it makes and drops a table ``driver_try``.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

Taken = tuple[float, float]  # wall and CPU, in seconds

ROWS = [{"n": i, "a": f"t{i % 1000}", "b": "x" * 200} for i in range(50_000)]
TRY = sa.Table(
    "driver_try",
    sa.MetaData(),
    sa.Column("n", sa.BigInteger, primary_key=True),
    sa.Column("a", sa.Text),
    sa.Column("b", sa.Text),
)


def timed(work: Callable[[], object]) -> Taken:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def bulk(connection: sa.Connection) -> dict[str, Taken]:
    TRY.drop(connection, checkfirst=True)
    TRY.create(connection)
    return {
        "insert 50,000": timed(lambda: connection.execute(TRY.insert(), ROWS)),
        "read 50,000": timed(lambda: connection.execute(sa.select(TRY)).all()),
    }


def small(connection: sa.Connection) -> None:
    connection.execute(sa.select(TRY).where(TRY.c.n == 7)).one()
    connection.execute(TRY.update().where(TRY.c.n == 7).values(a="z"))


def synchronous(driver: str, where: str) -> dict[str, Taken]:
    engine = sa.create_engine(f"postgresql+{driver}://{where}")

    def one() -> None:
        with engine.begin() as connection:
            small(connection)

    async def threads() -> None:
        for _ in range(1000):
            await asyncio.to_thread(one)

    with engine.begin() as connection:
        found = bulk(connection)
    found["1,000 small transactions"] = timed(lambda: [one() for _ in range(1000)])
    found["the same, each in a thread"] = timed(lambda: asyncio.run(threads()))
    engine.dispose()
    return found


async def on_the_loop(where: str) -> dict[str, Taken]:
    engine = create_async_engine(f"postgresql+asyncpg://{where}")
    async with engine.begin() as connection:
        found = await connection.run_sync(bulk)
    wall, cpu = time.perf_counter(), time.process_time()
    for _ in range(1000):
        async with engine.begin() as connection:
            await connection.run_sync(small)
    found["1,000 small transactions"] = time.perf_counter() - wall, time.process_time() - cpu
    await engine.dispose()
    return found


def main() -> None:
    where = sys.argv[1]
    measured = {driver: synchronous(driver, where) for driver in ("psycopg", "pg8000")}
    measured["asyncpg"] = asyncio.run(on_the_loop(where))
    for driver, found in measured.items():
        for what, (wall, cpu) in found.items():
            print(f"{driver:8} {what:28} {wall * 1e3:8.0f} ms  {cpu * 1e3:8.0f} ms of CPU")


if __name__ == "__main__":
    main()
