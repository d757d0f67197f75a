-- id: timed
-- title: A line that begins with a time, in any usual notation (kubectl and docker logs -t, S3 exports, loggers)
-- kind: envelope
-- rank: 92
-- recognise: ^(?: ?\[[^\[\]]{1,60}\]:?[ \t|]*|(?:\([A-Z]\)|(?i:trace|debug|info|notice|warn(?:ing)?|err(?:or)?|crit(?:ical)?|fatal|severe|alert|panic|[DIWEF],)[:,]?|(?:\d{1,3}\.){3}\d{1,3}(?::\d+)?|[\d.]{1,24}|[-|]|\S{1,60}\.log\S{0,60})[ \t|]+){0,4}?\[?(?:\d{4}[-/.]\d\d[-/.]\d\d(?: {1,2}|[T_-])\d{1,2}:\d\d:\d\d|\d{1,2}[/ -](?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*[/ -]\d{4}[ :T]+\d{1,2}:\d\d:\d\d|(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? +)?(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*[ /-]+\d{1,2},? +(?:\d{4},? +(?:at +)?)?\d{1,2}:\d\d:\d\d|(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? |\d{1,2}/\d{1,2}/(?:\d{4}|\d\d)(?:,|:|-| -)? *\d{1,2}:\d\d:\d\d|\d{1,2}\.\d{1,2}\.\d{4},? +\d{1,2}:\d\d:\d\d)
-- recognise: ^\[?(?:19|20)\d{6}[-T ]\d\d:?\d\d:?\d\d|^\d{6} +\d{1,2}:\d\d:\d\d |^\d{6} \d{6} \d+ [A-Z]+ |^\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} 
-- recognise: ^(?:- )?\[?1\d{9}(\.\d{1,9}|\d{3}|\d{6}|\d{9})?\]?[ \t]
-- example: 2021-12-21T11:12:45.854971114+01:00 Successfully copied files in /usr/src/multus-cni/rhel7/bin/ to /host/opt/cni/bin/
-- example: 17/06/09 20:10:40 INFO executor.CoarseGrainedExecutorBackend: Registered signal handlers for [TERM, HUP, INT]
-- example: [Nest] 7  - 08/02/2023, 7:32:47 PM    WARN [AuthService] Failed login attempt for user ana from ip address 192.0.2.4
-- example: W, [2023-03-13T09:25:23.245316 #1]  WARN -- : Failed login for 'user' from 192.0.2.4 at 2023-03-13 09:25:23 UTC
-- example: WARN: [Jul  2 05:05:24.643] failed to validate user credentials (invalid format) ip=192.0.2.4:28050
-- yields: system
-- source: kubectl logs --timestamps; aws logs and S3 export task lines; log4j, java.util.logging,
-- Ruby Logger, NestJS, MariaDB error log, Android logcat -v threadtime
-- What stands before the time (a level, a component in brackets, an address) stays in the message.
with given as (
    -- a time is looked for in the first part of a line: expressions with groups are slow on long text
    select
        evidence, line, offset_bytes, message, left(message, 200) as head, path, zone as told, year,
        file_ts, ts as outer_ts, ts_quality as outer_quality
    from lines
),
iso as materialized (
    select
        *,
        regexp_extract(head, '(' || time_lead()
            || '\[?(\d{4})[-/.](\d\d)[-/.](\d\d)(?: {1,2}|[T_-])(\d{1,2}[:.]\d\d[:.]\d\d)(?:[.,](\d{1,9}))?\]? ?(Z|UTC|GMT|[+-]\d\d:?\d\d)?(?: ?#\d+)?\]?(?:[ \t:|,-]+|(\[)|$))',
            ['all', 'lead', 'y', 'm', 'd', 'clock', 'fraction', 'zone', 'open']) as p
    from given
),
iso_times as (
    select
        * exclude (p),
        try_cast(
            p.y || '-' || p.m || '-' || p.d || ' ' || replace(p.clock, '.', ':') || '.'
            || rpad(left(p.fraction, 6), 6, '0') as timestamp) as wall,
        null as stamp, p.zone as own, p.lead || p.open || substring(message, length(p.all) + 1) as said
    from iso
    where p.y != ''
),
named as materialized (
    select
        * exclude (p),
        regexp_extract(head, '(' || time_lead()
            || '\[?(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? +)?(?:(\d{1,2})[/ -])?(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*[/ -](?: ?(\d{1,2}),? +)?(?:(\d{4})(?:[ :T]|, ?)(?:at )?)?(\d{1,2}:\d\d:\d\d)(?:[.,](\d{1,9}))?(?: ?([AP]M))?(?: [A-Z]{3,4})?(?: (\d{4}))? ?([+-]\d\d:?\d\d|Z|UTC|GMT)?\]?[ \t:|-]*)',
            ['all', 'lead', 'd1', 'm', 'd2', 'y1', 'clock', 'fraction', 'half', 'y2', 'zone']) as p
    from iso
    where p.y = ''
),
named_times as (
    select
        * exclude (p),
        half_day(try_strptime(
            concat_ws(' ', coalesce(nullif(p.y1, ''), nullif(p.y2, '')), p.m,
                coalesce(nullif(p.d1, ''), p.d2), p.clock || '.' || rpad(left(p.fraction, 6), 6, '0')),
            '%Y %b %d %H:%M:%S.%f'), p.half) as wall,
        if(p.y1 = '' and p.y2 = '', p.m || ' ' || coalesce(nullif(p.d1, ''), p.d2) || ' ' || p.clock
            || if(p.fraction = '', '', '.' || left(p.fraction, 6)), null) as stamp,
        -- an abbreviation of a zone says too little, but for these
        if(p.zone = '' and regexp_matches(p.all, '\d\d:\d\d(\.\d+)? (UTC|GMT)\b'), 'UTC', p.zone)
            as own,
        p.lead || substring(message, length(p.all) + 1) as said
    from named
    where p.m != '' and (p.d1 != '' or p.d2 != '')
),
-- 17/06/09, 06/10/2021, 30.10.2021: which number is the day is seen from all of a file
slashed as materialized (
    select
        * exclude (p),
        regexp_extract(head, '(' || time_lead()
            || '\[?(\d{1,2})([/.])(\d{1,2})[/.](\d{4}|\d\d)(?:,|:|-| -)? *(\d{1,2}:\d\d:\d\d)(?:[.,:](\d{1,9}))?(?: ?([AaPp][Mm])\b)? ?([+-]\d\d:?\d\d|Z|UTC|GMT)?\]?[ \t:|-]*)',
            ['all', 'lead', 'a', 'between', 'b', 'c', 'clock', 'fraction', 'half', 'zone']) as p
    from named
    where p.m = ''
),
orders as (
    select
        * exclude (p), p.zone as own,
        p.lead || substring(message, length(p.all) + 1) as said,
        [
            dated(if(p.between = '/', if(length(p.c) = 4, p.c, '20' || p.c), null), p.a, p.b, p.clock, p.fraction, p.half),
            dated(if(length(p.c) = 4, p.c, '20' || p.c), p.b, p.a, p.clock, p.fraction, p.half),
            dated(if(p.between = '/' and length(p.c) = 2, '20' || lpad(p.a, 2, '0'), null), p.b, p.c, p.clock, p.fraction, p.half)
        ] as walls
    from slashed
    where p.a != ''
),
-- valid on every line and not in the file's future; then by the year, then the month first
chosen as (
    select
        path,
        arg_max(place,
            (missing = 0, last_wall <= file_ts + interval 1 day, year(last_wall), [2, 1, 3][place])) as place
    from (
        select
            path, place, count(*) filter (walls[place] is null) as missing,
            max(walls[place]) as last_wall, max(file_ts) as file_ts
        from orders, (select unnest([1, 2, 3]) as place)
        group by all
    )
    group by path
),
slashed_times as (
    select orders.* exclude (walls), walls[chosen.place] as wall, null as stamp
    from orders
    join chosen using (path)
),
-- 20171223-22:15:29:606, 081109 203615, 221128  4:49:17, 03-17 16:13:38.811
packed as (
    select
        * exclude (p),
        regexp_extract(head,
            '(^\[?(?:((?:19|20)\d{6})[-T ]|(\d{6}) +|(\d\d-\d\d) )(\d{1,2}):?(\d\d):?(\d\d)(?:[.,:](\d{1,9}))?(Z)?\]?(?:[ \t:|-]+|$))',
            ['all', 'ymd', 'short', 'md', 'h', 'min', 's', 'fraction', 'zone']) as p
    from slashed
    where p.a = ''
        and regexp_matches(head,
            '^\[?(?:19|20)\d{6}[-T ]\d\d:?\d\d:?\d\d|^\d{6} +\d{1,2}:\d\d:\d\d |^\d{6} \d{6} \d+ [A-Z]+ |^\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} ')
),
packed_times as (
    select
        * exclude (p),
        try_strptime(
            coalesce(nullif(p.ymd, ''), '20' || nullif(p.short, '')) || ' ' || lpad(p.h, 2, '0') || p.min
                || p.s || '.' || rpad(left(p.fraction, 6), 6, '0'), '%Y%m%d %H%M%S.%f') as wall,
        -- as the macros for times without a year read it
        if(p.md = '', null, strftime(try_strptime('2000-' || p.md, '%Y-%m-%d'), '%b %d') || ' ' || p.h
            || ':' || p.min || ':' || p.s || '.' || rpad(p.fraction, 3, '0')) as stamp,
        p.zone as own, substring(message, length(p.all) + 1) as said
    from packed
    where p.h != ''
),
epochs as (
    select
        evidence, line, offset_bytes, message,
        regexp_extract(head, '(^(- )?\[?(1\d{9})(?:\.(\d{1,9})|(\d{9}|\d{6}|\d{3}))?\]?[ \t]+)',
            ['all', 'lead', 's', 'point', 'more']) as p
    from given
),
walls as (
    select * from iso_times
    union all by name
    select * from named_times
    union all by name
    select * from slashed_times
    union all by name
    select * from packed_times
),
years as (
    select *, stamp_near(stamp, year, file_ts) as near
    from walls
    where wall is not null or stamp is not null
),
told_times as (
    select
        * exclude (wall),
        coalesce(wall, stamp_ts(near, stamp, year, file_ts)) as wall
    from years
),
zoned as (
    select
        *,
        case
            when own in ('Z', 'UTC', 'GMT') then wall
            when own != '' then wall - to_seconds(
                (if(own[1] = '-', -1, 1)
                    * (try_cast(own[2:3] as integer) * 3600
                        + try_cast(right(own, 2) as integer) * 60))::double)
        end as own_ts,
        if(outer_quality = 'exact', outer_ts, null) as exact_ts
    from told_times
    where wall is not null
)
select
    evidence, line, offset_bytes,
    -- an envelope's own time is better than a guess about the zone of this one, or than whole seconds
    case
        when date_trunc('second', exact_ts) = own_ts then exact_ts
        else coalesce(own_ts, exact_ts, in_utc(wall, told))
    end as ts,
    case
        when own_ts is not null and stamp is null or exact_ts is not null then 'exact'
        when stamp is not null then year_quality(year, told)
        else zone_quality(told)
    end as ts_quality,
    said as message
from zoned
union all by name
select
    evidence, line, offset_bytes,
    make_timestamp(
        try_cast(p.s as bigint) * 1000000
        + coalesce(try_cast(left(rpad(p.point || p.more, 6, '0'), 6) as bigint), 0)) as ts,
    'exact' as ts_quality,
    p.lead || substring(message, length(p.all) + 1) as message
from epochs
where p.s != ''
