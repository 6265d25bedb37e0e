"""What counters counted and how long states lasted, as views: computed from thinned or whole rows, by declaration.

Increase of a counter between two samples that are not bad, ``v0`` and then ``v``, ``dt`` seconds apart:

=====================================================  ==================================================
``v`` carries *restarted* (a meter was exchanged)      0
``v >= v0``                                            ``v - v0``
a rollover is declared and plausible                   ``v + rollover - v0``: at most ``max_rate * dt``, or
                                                       half the range where no rate is declared
resets are declared and plausible                      ``v``: at most ``max_rate * dt`` where one is declared
otherwise                                              0, and it is counted as unexplained
=====================================================  ==================================================

It belongs to the interval in which it ends, as in a meter's load profile (IEC 62056-6-2: entries are stamped with
the end of their period), so intervals are (start, end]: a reading at 10:00:00 closes the hour from nine. A reading
proves how much, not when: over a gap all of it falls into the interval of the first reading after.

Readings are taken to the nearest 2**-24 of the unit. All sums are then exact in a double (while below 2**29 units, or
whole numbers), so that minutes add up to hours, and hours to ``last - first``, to the bit.
"""

# ruff: noqa: S608 - SQL is what this module writes; paths are quoted, nothing of users goes in

from __future__ import annotations

from collections.abc import Iterator

from baigong.vocab import quality as q

_GRID = 1 << 24
_COLUMNS = ("time", "value", "whole", "text", "quality")


def kind_views(whole: str, thinned: str) -> Iterator[tuple[str, str]]:
    """Make the views; yields (word, statement).

    ``whole``: a relation of days of which every row is there (with ``name``); ``thinned``: of the other days, schema
    THIN, or "".
    """
    plain = ", ".join(_COLUMNS)
    kinds = "select point from lake.points where kind in ('counter', 'state')"
    rows = f"select name, point, {plain}, true as hourly from ({whole}) where point in ({kinds})"
    if thinned:
        columns = ", ".join(f"t.{name}" for name in ("point", *_COLUMNS, "hourly"))
        rows += f" union all select p.name, {columns} from {thinned} t join lake.points p on p.point = t.point"
    for word in ("consumption", "rollup_states"):
        yield word, f"create view if not exists lake.kinds as {rows}"
    for name, seconds in (("1m", 60), ("1h", 3600)):
        yield "consumption", f"create view consumption_{name} as {_consumption('lake.kinds', seconds)}"
        yield "rollup_states", f"create view rollup_states_{name} as {_states('lake.kinds', seconds)}"


def _consumption(rows: str, seconds: int) -> str:
    us = seconds * 1_000_000
    hourly = " and r.hourly" if seconds == 3600 else ""
    restarted = q.RESTARTED
    return f"""
with sample as (
    select r.name, r.point, p.asset, p.unit, round(p.rollover * {_GRID}) / {_GRID} as rollover,
           coalesce(p.resets, false) as resets, p.max_rate,
           epoch_us(r.time) as t, (r.quality & {restarted}) <> 0 as restarted, r.whole,
           round(coalesce(r.value, r.whole::double) * {_GRID}) / {_GRID} as v
    from {rows} r join lake.points p on p.point = r.point and p.name = r.name
    where p.kind = 'counter' and r.quality & 32768 = 0 and (r.value is not null or r.whole is not null){hourly}
), pair as (
    select *, lag(t) over w as t0, lag(v) over w as v0, lag(whole) over w as whole0
    from sample window w as (partition by name, point order by t)
), step as (
    select *, (t - t0) / 1e6 as dt, case when whole is null and whole0 is null then v - v0
        else (coalesce(whole::hugeint, v::hugeint) - coalesce(whole0::hugeint, v0::hugeint))::double end as d
    from pair where t0 is not null
), told as (
    select *, case when restarted then 'exchange' when d >= 0 then 'step'
        when d + rollover between 0 and coalesce(max_rate * dt, rollover / 2) then 'rollover'
        when resets and v between 0 and coalesce(max_rate * dt, v) then 'reset' else 'unexplained' end as how
    from step
), counted as (
    select *, case how when 'step' then d when 'rollover' then d + rollover when 'reset' then v else 0 end as more
    from told
)
select name, any_value(asset) as asset, any_value(unit) as unit, point,
       make_timestamptz((t - 1) // {us} * {us}) as time, sum(more) as increase, sum(more) / {seconds} as rate,
       count(*) filter (how = 'rollover') as rollovers, count(*) filter (how = 'reset') as resets,
       count(*) filter (how = 'exchange') as exchanges, count(*) filter (how = 'unexplained') as unexplained
from counted group by name, point, (t - 1) // {us}"""


def _states(rows: str, seconds: int) -> str:
    us = seconds * 1_000_000
    before = "rows between unbounded preceding and 1 preceding"
    return f"""
with sample as (
    select r.name, r.point, epoch_us(r.time) as t, case when r.quality & 32768 = 0 then {_state()} end as state
    from {rows} r join lake.points p on p.point = r.point and p.name = r.name where p.kind = 'state'
), stretch as (
    select *, lead(t) over w as t2, last_value(state ignore nulls) over (w {before}) as held
    from sample window w as (partition by name, point order by t)
), piece as (
    select name, point, state, b, (least(t2, (b + 1) * {us}) - greatest(t, b * {us})) / 1e6 as seconds, 0 as entries
    from (select *, unnest(range(t // {us}, greatest(t2 - 1, t) // {us} + 1)) as b from stretch where t2 is not null)
    union all
    select name, point, state, t // {us}, 0, 1 from stretch where state <> held
), total as (
    select name, point, b, state, sum(seconds)::double as seconds, sum(entries)::bigint as entries
    from piece group by name, point, b, state
)
select s.name, p.asset, s.point, make_timestamptz(s.b * {us}) as time, s.state,
       coalesce({_word("states")}, s.state) as word,
       coalesce({_word("states_zh")}, {_word("states")}, s.state) as word_zh,
       s.seconds, s.entries
from total s join lake.points p on p.point = s.point and p.name = s.name"""


def _word(column: str) -> str:
    pointer = "'/' || replace(replace(s.state, '~', '~0'), '/', '~1')"  # RFC 6901
    return f"json_extract_string(p.{column}, {pointer})"


def _state() -> str:
    """A state as its declaration writes it: 1 for 1.0, integers in full, or the text itself."""
    return (
        "coalesce(case when r.value = floor(r.value) and abs(r.value) < 9e15 then r.value::bigint::varchar "
        "else r.value::varchar end, r.whole::varchar, r.text)"
    )
