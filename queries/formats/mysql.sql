-- id: mysql
-- title: MySQL and MariaDB server: error log and general query log
-- kind: record
-- rank: 34
-- recognise: ^\d{4}-\d\d-\d\d[T ][ \d]\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)? +\d+ \[(Note|Warning|ERROR|System)\] 
-- recognise: ^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+(Z|[+-]\d\d:\d\d)[\t ]+\d+ (Connect|Quit|Query|Execute|Prepare|Init DB|Change user|Close stmt|Field List|Statistics)([\t ]|$)
-- example: 2020-04-16T05:13:40.861934Z 344 [Note] [MY-010926] [Server] Access denied for user 'root'@'203.0.113.54' (using password: YES)
-- example: 2021-11-09  5:13:11 8 [Warning] Access denied for user 'app'@'172.17.0.1' (using password: NO)
-- yields: login, system
-- source: https://dev.mysql.com/doc/refman/8.0/en/error-log-format.html, https://mariadb.com/kb/en/error-log/
with parts as (
    select
        evidence, line, offset_bytes, zone, ts as outer_ts, ts_quality as outer_quality,
        regexp_extract(message,
            '^(\d{4}-\d\d-\d\d)[T ]([ \d]\d:\d\d:\d\d(?:\.\d+)?)(Z|[+-]\d\d:\d\d)?(?: +(\d+) \[(Note|Warning|ERROR|System)\] (?:\[(MY-\d+)\] \[(\w+)\] )?|[\t ]+(\d+) (Connect|Quit|Query|Execute|Prepare|Init DB|Change user|Close stmt|Field List|Statistics)(?:[\t ]+|$))((?s:.*))$',
            ['day', 'clock', 'own', 'thread', 'level', 'code', 'system', 'session', 'command', 'text'])
            as p
    from lines
),
said as (
    select
        *,
        try_cast(p.day || ' ' || ltrim(p.clock) as timestamp) as wall,
        -- the name is the client's text: the last address counts
        regexp_extract(p.text,
            '^Access denied for user ''(.*)''@''([^'']*)''(?: \(using password: (\w+)\)| to database ''(.*)'')?',
            ['user', 'host', 'password', 'database']) as d,
        regexp_extract(p.text, '^(.*)@(\S*) on (\S*)(?: using \S.*)?$', ['user', 'host', 'database'])
            as c,
        regexp_extract(p.text,
            '^Aborted connection \d+ to db: ''(.*)'' user: ''(.*)'' host: ''([^'']*)''',
            ['database', 'user', 'host']) as a
    from parts
    where p.day != ''
),
named as (
    select
        *,
        p.command = 'Connect' and c.user != '' and d.user = '' and d.host = '' as is_login,
        d.host != '' or starts_with(p.text, 'Access denied for user ') as is_denial
    from said
    where wall is not null
)
select
    evidence, line, offset_bytes,
    case
        when p.own != '' then iso_ts(p.day || 'T' || ltrim(p.clock) || p.own)
        when outer_quality = 'exact' then outer_ts
        else in_utc(wall, zone)
    end as ts,
    if(p.own != '' or outer_quality = 'exact', 'exact', zone_quality(zone)) as ts_quality,
    if(is_login or is_denial, 'login', 'system') as category,
    case
        when is_denial or is_login then 'login'
        when p.command != '' then lower(p.command)
        when a.user != '' then 'abort'
        else 'log'
    end as activity,
    case
        when is_denial then if(d.database != '', 'denied', 'failed')
        when is_login then 'ok'
        when p.level = 'ERROR' then 'failed'
        else 'unknown'
    end as outcome,
    case when is_denial then 3 when p.level = 'ERROR' then 4 when p.level = 'Warning' then 3
        else 1 end as severity,
    nullif(p.code, '') as status, nullif(coalesce(nullif(p.thread, ''), p.session), '') as session,
    coalesce(nullif(d.user, ''), if(is_login, c.user, null), nullif(a.user, '')) as actor,
    if(is_denial or is_login, 'user', null) as actor_type,
    address_of(coalesce(nullif(d.host, ''), if(is_login, c.host, null), nullif(a.host, ''))) as src_ip,
    if(coalesce(nullif(d.database, ''), nullif(a.database, ''), if(is_login, nullif(c.database, ''), null))
        is null, null, 'database') as object_kind,
    coalesce(nullif(d.database, ''), nullif(a.database, ''), if(is_login, nullif(c.database, ''), null))
        as object_name,
    concat_ws(' ', nullif(p.command, ''), nullif(p.text, '')) as message,
    json_object('level', nullif(p.level, ''), 'subsystem', nullif(p.system, ''),
        'host', nullif(coalesce(nullif(d.host, ''), a.host), ''),
        'password', nullif(d.password, '')) as fields
from named
