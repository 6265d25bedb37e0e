"""Functions of time as SQL sees them: exactly DuckDB's, but in whole microseconds where the session's zone is UTC.

DuckDB asks its calendar for every row of a ``timestamptz``, 35 to 80 ns each; most queries over telemetry do that to
every row they read. Cutting microseconds takes 8 ns. What is not a plain number of microseconds (months, other types
of time, other origins, infinity) goes to DuckDB's own functions.
"""

from __future__ import annotations

_ORIGIN_US = 946_857_600_000_000  # 2000-01-03, a Monday: where DuckDB's buckets that are not of months begin
_DAY_US = 86_400_000_000
_PARTS_US = {"second": 1_000_000, "minute": 60_000_000, "hour": 3_600_000_000, "day": _DAY_US}


def _buckets() -> str:
    width, moment = "epoch_us(width)", "epoch_us(moment)"
    whole = f"date_part('month', width) = 0 and date_part('year', width) = 0 and {width} > 0"
    own = "system.main.time_bucket(width, moment)"
    return (
        "create macro time_bucket(width interval, moment timestamptz) as "
        f"case when {whole} and {moment} >= {_ORIGIN_US} "
        f"then make_timestamptz({moment} - ({moment} - {_ORIGIN_US}) % {width}) else {own} end, "
        f"(width interval, moment timestamp) as {own}, (width interval, moment date) as {own}, "
        f"(width, moment) as {own}, (width, moment, origin) as system.main.time_bucket(width, moment, origin)"
    )


def _truncated() -> str:
    cases = " ".join(
        f"when lower(part) = '{part}' and epoch_us(moment) >= 0 "
        f"then make_timestamptz(epoch_us(moment) - epoch_us(moment) % {us})"
        for part, us in _PARTS_US.items()
    )
    own = "system.main.date_trunc(part, moment)"
    return (
        f"create macro date_trunc(part varchar, moment timestamptz) as case {cases} else {own} end, "
        f"(part varchar, moment timestamp) as {own}, (part varchar, moment date) as {own}, (part, moment) as {own}"
    )


TIME_FUNCTIONS = (("time_bucket", _buckets()), ("date_trunc", _truncated()))  # (word, statement), as in SqlView
