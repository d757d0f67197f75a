-- id: gin
-- title: Access lines of Go programs built with Gin
-- kind: record
-- rank: 35
-- recognise: ^\[GIN\] \d{4}/\d\d/\d\d - \d\d:\d\d:\d\d \|
-- example: [GIN] 2022/02/07 - 10:49:33 | 401 |     505.317µs |       10.1.2.3 | POST     "/client"
-- yields: http
-- source: https://pkg.go.dev/github.com/gin-gonic/gin#Logger, defaultLogFormatter
with parts as (
    select
        evidence, line, offset_bytes, zone, ts as outer_ts, ts_quality as outer_quality,
        -- a terminal's colours stand around status and method
        regexp_extract(regexp_replace(message, '\x1b\[[0-9;]*m', '', 'g'),
            '^\[GIN\] (\d{4}/\d\d/\d\d - \d\d:\d\d:\d\d) \| *(\d{3}) *\| *(\S+) *\| *(\S+) *\| *(\S+) +"?((?s:.*?))"?$',
            ['stamp', 'status', 'latency', 'ip', 'verb', 'path']) as p
    from lines
),
requests as (
    select *, try_strptime(p.stamp, '%Y/%m/%d - %H:%M:%S') as wall
    from parts
    where p.status != ''
)
select
    evidence, line, offset_bytes,
    if(outer_quality = 'exact', outer_ts, in_utc(wall, zone)) as ts,
    case when outer_quality = 'exact' then 'exact' when wall is null then outer_quality
        else zone_quality(zone) end as ts_quality,
    'http' as category, lower(p.verb) as activity,
    http_outcome(p.status) as outcome,
    p.status as status,
    http_severity(p.status) as severity,
    address_of(p.ip) as src_ip, 'url' as object_kind, p.path as object_name,
    concat_ws(' ', p.verb, p.path, p.status) as message,
    json_object('latency', p.latency) as fields
from requests
