-- id: access
-- title: Web access log (common and combined: Apache, nginx, ingress-nginx)
-- kind: record
-- rank: 35
-- recognise: ^\S+ \S+ .{1,200}? \[\d{1,2}/(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\] "
-- example: 127.0.0.1 - - [30/Sep/2021:11:11:54 +0200] "GET /foo?a=%20union%20all%20select%20 HTTP/1.1" 404 162 "-" "curl/7.68.0"
-- example: 192.168.61.205 - - [24/Aug/2021:09:52:13 +0000] "GET / HTTP/1.1" 200 13 "-" "Mozilla/5.0" 502 0.001 [default-helloworld-5678] [] 192.168.46.137:5678 13 0.000 200 04f1619cfb5e02b6455c19b860427758
-- yields: http
-- source: Apache mod_log_config, nginx ngx_http_log_module, ingress-nginx log-format-upstream
-- Cut at the quotes: a server escapes quotes that a client sends, so the fields can't shift.
with cuts as (
    select
        evidence, line, offset_bytes, message,
        position(' [' in message) as open_at,
        position('] "' in message) as close_at
    from lines
),
parts as (
    select
        evidence, line, offset_bytes, message,
        left(message, open_at - 1) as head,
        substring(message, open_at + 2, close_at - open_at - 2) as stamp,
        replace(substring(message, close_at + 3), '\"', chr(1)) as tail
    from cuts
    where open_at > 4 and close_at - open_at = 28
),
quoted as materialized (
    select
        *,
        split_part(tail, '"', 1) as request,
        split_part(tail, '"', 2) as numbers,
        split_part(tail, '"', 3) as referrer,
        split_part(tail, '"', 5) as agent,
        split_part(tail, '"', 6) as more,
        try_strptime(left(stamp, 20), '%d/%b/%Y:%H:%M:%S')
            - to_minutes((if(stamp[22] = '-', -1, 1) * (
                try_cast(stamp[23:24] as integer) * 60 + try_cast(stamp[25:26] as integer)))::integer)
            as ts
    from parts
),
-- a server that does not escape: the last quote before a status is the request's end
loose as (
    select
        *,
        regexp_extract(replace(tail, chr(1), '\"'),
            '^(.*)" (\d{3}) (\S+)(?: "([^"]*)" "(.*)")?$',
            ['request', 'code', 'size', 'referrer', 'agent']) as l
    from quoted
    where not regexp_matches(ltrim(numbers), '^\d{3}( |$)')
),
settled as (
    select evidence, line, offset_bytes, head, ts, request, numbers, referrer, agent, more
    from quoted
    where regexp_matches(ltrim(numbers), '^\d{3}( |$)')
    union all by name
    select
        evidence, line, offset_bytes, head, ts, l.request as request,
        l.code || ' ' || l.size as numbers, l.referrer as referrer, l.agent as agent, '' as more
    from loose
    where l.code != ''
)
select
    evidence, line, offset_bytes, ts, 'exact' as ts_quality,
    'http' as category,
    lower(if(contains(request, ' '), split_part(request, ' ', 1), 'unknown')) as activity,
    http_outcome(split_part(ltrim(numbers), ' ', 1)) as outcome,
    split_part(ltrim(numbers), ' ', 1) as status,
    http_severity(split_part(ltrim(numbers), ' ', 1)) as severity,
    nullif(split_part(head, ' ', 3), '-') as actor,
    -- a server that listens on IPv6 writes IPv4 clients as [::ffff:192.0.2.1]
    regexp_replace(split_part(head, ' ', 1), '^\[?::ffff:([0-9.]+)\]?$', '\1') as src_ip,
    nullif(replace(agent, chr(1), '"'), '-') as user_agent,
    'url' as object_kind,
    replace(split_part(request, ' ', 2), chr(1), '"') as object_name,
    nullif(regexp_extract(more, ' ((?:\d{1,3}\.){3}\d{1,3}):\d+ ', 1), '') as dst_ip,
    try_cast(nullif(regexp_extract(more, ' (?:\d{1,3}\.){3}\d{1,3}:(\d+) ', 1), '') as usmallint)
        as dst_port,
    replace(request, chr(1), '"') || ' ' || split_part(ltrim(numbers), ' ', 1) as message,
    json_object(
        'bytes', try_cast(split_part(ltrim(numbers), ' ', 2) as bigint),
        'referrer', nullif(nullif(replace(referrer, chr(1), '"'), '-'), ''),
        'upstream', nullif(trim(more), '')) as fields
from settled
where ts is not null and regexp_matches(ltrim(numbers), '^\d{3}( |$)')
