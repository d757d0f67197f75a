-- id: timed
-- title: A line that begins with a time (kubectl and docker logs -t, CloudWatch and S3 exports)
-- kind: envelope
-- rank: 92
-- recognise: ^\[?\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d
-- recognise: ^\[?\d{1,2}[/ -](Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[/ -]\d{4}[ :T]\d\d:\d\d:\d\d
-- recognise: ^\[?(Mon|Tue|Wed|Thu|Fri|Sat|Sun),? 
-- recognise: ^\[?1\d{9}(\.\d{1,9}|\d{3}|\d{6}|\d{9})?\]?[ \t]
-- example: 2021-12-21T11:12:45.854971114+01:00 Successfully copied files in /usr/src/multus-cni/rhel7/bin/ to /host/opt/cni/bin/
-- yields: system
-- source: kubectl logs --timestamps; aws logs and S3 export task lines
with iso as (
    select
        evidence, line, offset_bytes, message, zone, ts as outer_ts, ts_quality as outer_quality,
        regexp_extract(message,
            '^\[?(\d{4})[-/](\d\d)[-/](\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,](\d{1,9}))?\]? ?(Z|UTC|GMT|[+-]\d\d:?\d\d)?\]?(?:[ \t:|-]+|$)((?s:.*))$',
            ['y', 'm', 'd', 'clock', 'fraction', 'zone', 'text']) as p
    from lines
),
iso_times as (
    select
        evidence, line, offset_bytes, zone as told, outer_ts, outer_quality,
        try_cast(
            p.y || '-' || p.m || '-' || p.d || ' ' || p.clock || '.'
            || rpad(left(p.fraction, 6), 6, '0') as timestamp) as wall,
        p.zone as own, p.text as message
    from iso
    where p.y != ''
),
named as (
    select
        evidence, line, offset_bytes, zone as told, message, ts as outer_ts,
        ts_quality as outer_quality,
        regexp_extract(message,
            '^\[?(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? +)?(?:(\d{1,2})[/ -])?(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[/ -](?: ?(\d{1,2}) )?(?:(\d{4})[ :T])?(\d\d:\d\d:\d\d)(?:[.,]\d+)?(?: (\d{4}))? ?([+-]\d{4}|Z|UTC|GMT)?\]?[ :]*((?s:.*))$',
            ['d1', 'm', 'd2', 'y1', 'clock', 'y2', 'zone', 'text']) as p
    from lines
    where line not in (select line from iso_times)
),
named_times as (
    select
        evidence, line, offset_bytes, told, outer_ts, outer_quality,
        try_strptime(
            concat_ws(' ', coalesce(nullif(p.y1, ''), p.y2), p.m,
                coalesce(nullif(p.d1, ''), p.d2), p.clock),
            '%Y %b %d %H:%M:%S') as wall,
        p.zone as own, p.text as message
    from named
    where p.m != ''
),
epochs as (
    select
        evidence, line, offset_bytes,
        regexp_extract(message, '^\[?(1\d{9})(?:\.(\d{1,9})|(\d{9}|\d{6}|\d{3}))?\]?[ \t]+((?s:.*))$',
            ['s', 'point', 'more', 'text']) as p
    from lines
),
walls as (
    select * from iso_times
    union all by name
    select * from named_times
)
select
    evidence, line, offset_bytes,
    case
        when own in ('Z', 'UTC', 'GMT') then wall
        when own != '' then wall - to_seconds(
            (if(own[1] = '-', -1, 1)
                * (try_cast(own[2:3] as integer) * 3600
                    + try_cast(right(own, 2) as integer) * 60))::double)
        -- an envelope's own time is better than a guess about the zone of this one
        else coalesce(if(outer_quality = 'exact', outer_ts, null), in_utc(wall, told))
    end as ts,
    if(own = '' and (outer_ts is null or outer_quality is distinct from 'exact'),
        zone_quality(told), 'exact') as ts_quality,
    message
from walls
where wall is not null
union all by name
select
    evidence, line, offset_bytes,
    make_timestamp(
        try_cast(p.s as bigint) * 1000000
        + coalesce(try_cast(left(rpad(p.point || p.more, 6, '0'), 6) as bigint), 0)) as ts,
    'exact' as ts_quality,
    p.text as message
from epochs
where p.s != ''
