-- id: apache_error
-- title: Apache httpd error log
-- kind: record
-- rank: 37
-- recognise: ^\[(Mon|Tue|Wed|Thu|Fri|Sat|Sun) \w{3} \d\d \d\d:\d\d:\d\d(\.\d+)? \d{4}\] \[
-- example: [Wed Jan 13 19:31:16.123456 2016] [core:error] [pid 35708:tid 4328636416] [client 72.15.99.187:45320] File does not exist: /usr/local/apache2/htdocs/favicon.ico
-- yields: http
-- source: https://httpd.apache.org/docs/current/logs.html, error log
with parts as (
    select
        evidence, line, offset_bytes, zone,
        regexp_extract(message,
            '^\[\w{3} (\w{3}) (\d\d) (\d\d:\d\d:\d\d)(?:\.(\d+))? (\d{4})\] \[(?:(\w*):)?(\w+)\](?: \[pid (\d+)[^\]]*\])?(?: \[(?:client|remote) \[?([0-9a-fA-F.:]+?)\]?(?::(\d+))?\])? ?((?s:.*))$',
            ['m', 'd', 'clock', 'fraction', 'y', 'module', 'level', 'pid', 'ip', 'port', 'text']) as p
    from lines
    where message[1] = '['
),
walls as (
    select *, try_strptime(p.y || p.m || p.d || ' ' || p.clock, '%Y%b%d %H:%M:%S') as wall
    from parts
    where p.y != ''
)
select
    evidence, line, offset_bytes, in_utc(wall, zone) as ts, zone_quality(zone) as ts_quality,
    'http' as category, 'log' as activity,
    if(level_severity(p.level) >= 4, 'failed', 'unknown') as outcome,
    level_severity(p.level) as severity, nullif(p.ip, '') as src_ip,
    try_cast(p.port as usmallint) as src_port, try_cast(p.pid as bigint) as pid,
    p.text as message, json_object('module', p.module, 'level', p.level) as fields
from walls
where wall is not null
