-- id: nginx_error
-- title: nginx error log
-- kind: record
-- rank: 36
-- recognise: ^\d{4}/\d\d/\d\d \d\d:\d\d:\d\d \[(debug|info|notice|warn|error|crit|alert|emerg)\] \d+#\d+:
-- example: 2021/09/30 09:23:53 [error] 1925800#1925800: *17 user "foo" was not found in "/tmp/a.htpasswd", client: 127.0.0.1, server: _, request: "GET / HTTP/1.1", host: "localhost"
-- yields: http
-- source: nginx ngx_log.c, ngx_http_log_error()
with parts as (
    select
        evidence, line, offset_bytes, zone,
        regexp_extract(message,
            '^(\d{4})/(\d\d)/(\d\d) (\d\d:\d\d:\d\d) \[(\w+)\] (\d+)#\d+: (?:\*\d+ )?((?s:.*))$',
            ['y', 'm', 'd', 'clock', 'level', 'pid', 'text']) as p
    from lines
),
fields as (
    select
        *,
        try_cast(p.y || '-' || p.m || '-' || p.d || ' ' || p.clock as timestamp) as wall,
        -- the client's address stands before anything the client wrote
        nullif(regexp_extract(p.text, ', client: ([0-9a-fA-F.:]+), server: ', 1), '') as client,
        regexp_extract(p.text, ', request: "(\S+) (\S+)', ['verb', 'path']) as r,
        nullif(regexp_extract(p.text, 'user "([^"]*)"', 1), '') as user
    from parts
    where p.y != ''
)
select
    evidence, line, offset_bytes, in_utc(wall, zone) as ts, zone_quality(zone) as ts_quality,
    if(client is null, 'system', 'http') as category,
    if(r.verb != '', lower(r.verb), 'log') as activity,
    case
        when regexp_matches(p.text, 'was not found in|password mismatch|access forbidden|limiting')
            then 'denied'
        when p.level in ('error', 'crit', 'alert', 'emerg') then 'failed'
        else 'unknown'
    end as outcome,
    case p.level when 'debug' then 0 when 'info' then 1 when 'notice' then 1 when 'warn' then 3
        when 'error' then 4 when 'crit' then 5 else 6 end as severity,
    user as actor, client as src_ip, try_cast(p.pid as bigint) as pid,
    if(r.path != '', 'url', null) as object_kind, nullif(r.path, '') as object_name,
    nullif(regexp_extract(p.text, ', host: "([^"]*)"', 1), '') as dst_name,
    p.text as message
from fields
where wall is not null
