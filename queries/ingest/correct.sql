-- id: correct
-- title: A segment's rows again, with the inferred times of one evidence file corrected
-- An inferred time goes back to the wall clock by the old zone and forth by the new one.
insert into events by name
with walls as (
    select
        *,
        evidence = $evidence as is_meant,
        evidence = $evidence
            and ts_quality in ('inferred_zone', 'inferred_year', 'set_zone', 'set_year')
            as is_inferred,
        evidence = $evidence and ts_quality in ('inferred_year', 'set_year') as has_no_year
    from old.events
),
moved as (
    select
        * exclude (ts, ts_end, ts_quality, is_meant, is_inferred, has_no_year),
        ts as old_ts, ts_end as old_end, ts_quality as old_quality,
        is_meant, is_inferred, has_no_year,
        ts - to_microseconds(if(is_meant, $old_skew_us, 0)) as bare
    from walls
),
local as (
    select
        * exclude (bare),
        if($old_zone::varchar is null or not is_inferred, bare,
            timezone($old_zone::varchar, timezone('UTC', bare))) as wall,
        bare
    from moved
),
dated_again as (
    select
        *,
        if(has_no_year and $new_year::integer is not null,
            wall + to_years(($new_year::integer - year(wall))::integer), wall) as new_wall
    from local
)
select
    * exclude (old_ts, old_end, old_quality, is_meant, is_inferred, has_no_year, wall, bare,
        new_wall),
    case
        when is_inferred then in_utc(new_wall, $new_zone::varchar)
            + to_microseconds($new_skew_us::bigint)
        when is_meant then bare + to_microseconds($new_skew_us::bigint)
        else old_ts
    end as ts,
    if(is_meant, old_end + to_microseconds($shift_us::bigint), old_end) as ts_end,
    case
        when has_no_year then year_quality($new_year::integer, $new_zone::varchar)
        when is_inferred then zone_quality($new_zone::varchar)
        else old_quality
    end as ts_quality
from dated_again
order by seq
