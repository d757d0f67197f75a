-- id: postgresql
-- title: PostgreSQL server log
-- kind: record
-- rank: 34
-- recognise: ^.{0,40}?\d{4}-\d\d-\d\d \d\d:\d\d:\d\d.{0,160}?[ :\]](LOG|ERROR|FATAL|PANIC|WARNING|NOTICE|INFO|DEBUG\d?|DETAIL|HINT|STATEMENT|CONTEXT|QUERY|LOCATION):  \S
-- example: 2021-09-28 09:22:18.536 UTC [147] 192.0.2.4 bob@shop FATAL:  password authentication failed for user "bob"
-- example: 2026-01-02 03:04:05.678 UTC [61] [unknown]@[unknown] LOG:  connection received: host=10.0.0.9 port=40222
-- yields: login, network, system
-- source: https://www.postgresql.org/docs/current/runtime-config-logging.html (log_line_prefix, log_connections)
-- What stands before the level is the administrator's choice: each piece is found by its shape.
with cuts as (
    select
        evidence, line, offset_bytes, zone, ts as outer_ts, ts_quality as outer_quality,
        regexp_extract(message,
            '^(.{0,200}?[ :\]])(LOG|ERROR|FATAL|PANIC|WARNING|NOTICE|INFO|DEBUG\d?|DETAIL|HINT|STATEMENT|CONTEXT|QUERY|LOCATION):  ((?s:.*))$',
            ['prefix', 'level', 'text']) as p
    from lines
),
prefixes as (
    select
        *,
        regexp_extract(p.prefix,
            '(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?)(?: ([A-Z]{1,5}|[+-]\d\d(?::?\d\d)?))?',
            ['day', 'clock', 'own']) as t,
        regexp_extract(p.prefix, '\[(\d+)(?:-\d+)?\]', 1) as pid,
        regexp_extract(p.prefix, '(?:^|[\s:])([^\s:@]+)@([^\s:@]+)', ['user', 'database']) as u,
        regexp_extract(regexp_replace(p.prefix, '\d\d:\d\d:\d\d', ''), '(?:^|[\s:,=])((?:\d{1,3}\.){3}\d{1,3}|[0-9a-f]*:[0-9a-f:]*:[0-9a-f]+)(?:\((\d+)\))?',
            ['ip', 'port']) as a
    from cuts
    where p.level != '' and not contains(p.prefix, '"')
),
said as (
    select
        *,
        try_cast(t.day || ' ' || t.clock as timestamp) as wall,
        postgres_kind(p.level, p.text) as kind,
        -- the client's own text: names stand in quotes, addresses in the server's words
        regexp_extract(p.text, '(?: for user| user|^role) "([^"]*)"', 1) as named_user,
        regexp_extract(p.text, ' host "([^"]*)"', 1) as named_host,
        regexp_extract(p.text, '(?: |^)host=(\S+)', 1) as host,
        regexp_extract(p.text, '(?: |^)port=(\d+)', 1) as port,
        regexp_extract(p.text, ' user=(\S+)', 1) as given_user,
        regexp_extract(p.text, ' database=(\S+)| database "([^"]*)"', ['a', 'b']) as db
    from prefixes
    where t.day != ''
)
select
    evidence, line, offset_bytes,
    case
        when t.own in ('UTC', 'GMT', 'Z') then wall
        when regexp_matches(t.own, '^[+-]') then iso_ts(t.day || 'T' || t.clock || t.own)
        when outer_quality = 'exact' then outer_ts
        else in_utc(wall, zone)
    end as ts,
    if(t.own in ('UTC', 'GMT', 'Z') or regexp_matches(t.own, '^[+-]') or outer_quality = 'exact',
        'exact', zone_quality(zone)) as ts_quality,
    postgres_category(kind) as category, postgres_activity(kind) as activity,
    postgres_outcome(kind, p.level) as outcome, p.level as status,
    postgres_severity(kind, p.level, p.text) as severity,
    coalesce(nullif(named_user, ''), if(kind in ('login', 'disconnect'), nullif(given_user, ''), null),
        nullif(nullif(u.user, ''), '[unknown]')) as actor,
    address_of(coalesce(nullif(named_host, ''),
        if(kind in ('connect', 'disconnect'), nullif(host, ''), null), nullif(a.ip, ''))) as src_ip,
    try_cast(coalesce(if(kind in ('connect', 'disconnect'), nullif(port, ''), null), nullif(a.port, ''))
        as usmallint) as src_port,
    if(coalesce(nullif(db.a, ''), nullif(db.b, ''), nullif(nullif(u.database, ''), '[unknown]')) is null,
        null, 'database') as object_kind,
    coalesce(nullif(db.a, ''), nullif(db.b, ''), nullif(nullif(u.database, ''), '[unknown]'))
        as object_name,
    try_cast(nullif(pid, '') as bigint) as pid,
    p.level || ': ' || p.text as message,
    json_object('prefix', trim(p.prefix), 'level', p.level) as fields
from said
where wall is not null
