"""Rollups computed by a query, for days whose rollups are not stored: the same numbers as ``rollup.rollup``."""

# ruff: noqa: S608 - SQL is what this module writes; paths are quoted, nothing of users goes in

from __future__ import annotations

_DAY_US = 86_400_000_000


def computed_rollup(rows: str, bucket_s: int) -> str:
    """Aggregate ``rows`` into buckets: a relation with name, point, sloped, time, value, whole, quality; resolved.

    A value that is not bad holds (or slopes, where the point does) until the point's next sample of the same
    day; what it held for counts in every bucket it crosses, also in those without a sample. ``name`` is part of
    every key, so that a filter on it reaches the files.
    """
    us = bucket_s * 1_000_000
    return f"""
with sample as (
    select name, point, coalesce(sloped, false) as sloped, epoch_us(time) as t, quality & 65535 as code,
           case when quality & 32768 = 0 then coalesce(value, whole::double) end as v
    from {rows}
), stretch as (
    select name, point, sloped, t, v, code, lead(t) over w as t2, lead(v) over w as v2
    from sample window w as (partition by name, point, t // {_DAY_US} order by t)
), piece as (
    select name, point, sloped, t, v, t2, v2, greatest(t, b * {us}) as a, least(t2, (b + 1) * {us}) as e, b
    from (select *, unnest(range(t // {us}, greatest(t2 - 1, t) // {us} + 1)) as b
          from stretch where v is not null and t2 is not null)
), entry as (
    select name, point, t // {us} as b, 1 as n, v, t, code, 0.0::double as integral, 0.0::double as seconds
    from sample
    union all
    select name, point, b, 0, null, null, 0,
           (v + case when sloped and v2 is not null
                then (v2 - v) * (((a + e) / 2 - t) / greatest(t2 - t, 1)) else 0 end) * ((e - a) / 1e6),
           (e - a) / 1e6
    from piece
)
select name, point, make_timestamptz(b * {us}) as time, sum(n)::bigint as "count", min(v) as "min", max(v) as "max",
       sum(v) as "sum", arg_min(v, t) as "first", arg_max(v, t) as "last", max(code)::integer as worst_quality,
       sum(integral) as integral, sum(seconds) as good_s
from entry group by name, point, b"""
