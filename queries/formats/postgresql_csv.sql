-- id: postgresql_csv
-- title: PostgreSQL server log in CSV (csvlog)
-- kind: record
-- rank: 33
-- recognise: ^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} [A-Z0-9+:-]{1,6},("[^"]*")?,("[^"]*")?,\d+,("[^"]*")?,[0-9a-f]+\.[0-9a-f]+,\d+,
-- example: 2026-11-26 16:12:17.655 UTC,"bob","shop",32496,"127.0.0.1:52944",6b085a61.7ef0,2,"authentication",2026-11-26 16:12:17 UTC,3/4,0,FATAL,28P01,"password authentication failed for user ""bob""","Connection matched pg_hba.conf line 91: ""host all all 127.0.0.1/32 scram-sha-256""",,,,,,,,"","client backend",,0
-- yields: login, network, system
-- source: https://www.postgresql.org/docs/current/runtime-config-logging.html#RUNTIME-CONFIG-LOGGING-CSVLOG
-- A statement of many lines stands between quotes: its lines are one record, whatever is in them.
with begins as (
    select path, min(line) as first_line
    from lines
    where regexp_matches(message,
        '^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} [A-Z0-9+:-]{1,6},("[^"]*")?,("[^"]*")?,\d+,("[^"]*")?,[0-9a-f]+\.[0-9a-f]+,\d+,')
    group by path
),
counted as (
    select
        l.evidence, l.line, l.offset_bytes, l.path, l.message, l.zone,
        coalesce(sum(length(l.message) - length(replace(l.message, '"', ''))) over (
            partition by l.path order by l.line rows between unbounded preceding and 1 preceding), 0)
            % 2 as is_within
    from lines l
    join begins on begins.path = l.path
    where l.line >= begins.first_line
),
numbered as (
    select *, sum(1 - is_within) over (partition by path order by line) as record
    from counted
),
records as (
    select
        min(evidence) as evidence, min(line) as line, min(offset_bytes) as offset_bytes,
        any_value(zone) as zone, list(line order by line) as all_lines,
        string_agg(message, chr(10) order by line) as message
    from numbered
    group by path, record
),
cells as (
    select
        *,
        list_transform(
            regexp_extract_all(',' || message, ',("(?:[^"]|"")*"|[^,]*)', 1),
            lambda x: if(x[1] = '"', replace(substring(x, 2, length(x) - 2), '""', '"'), nullif(x, '')))
            as c,
        (length(message) - length(replace(message, '"', ''))) % 2 = 1 as is_cut
    from records
),
said as (
    select
        *, c[12] as level, c[14] as text, postgres_kind(c[12], c[14]) as kind,
        regexp_extract(c[1], '^(\S+) (\S+) ([A-Z]{1,5}|[+-]\d\d(?::?\d\d)?)$', ['day', 'clock', 'own']) as t
    from cells
    where is_cut or len(c) between 22 and 30 and c[12] is not null
)
select
    evidence, line, offset_bytes,
    if(t.own in ('UTC', 'GMT', 'Z'), try_cast(t.day || ' ' || t.clock as timestamp),
        if(regexp_matches(t.own, '^[+-]'), iso_ts(t.day || 'T' || t.clock || t.own),
            in_utc(try_cast(t.day || ' ' || t.clock as timestamp), zone))) as ts,
    if(t.own in ('UTC', 'GMT', 'Z') or regexp_matches(t.own, '^[+-]'), 'exact', zone_quality(zone))
        as ts_quality,
    postgres_category(kind) as category, postgres_activity(kind) as activity,
    postgres_outcome(kind, level) as outcome, coalesce(nullif(c[13], '00000'), level) as status,
    postgres_severity(kind, level, text) as severity,
    nullif(c[2], '') as actor, c[6] as session,
    address_of(c[5]) as src_ip, port_of(c[5]) as src_port,
    if(c[3] is null, null, 'database') as object_kind, nullif(c[3], '') as object_name,
    try_cast(c[4] as bigint) as pid, nullif(c[23], '') as user_agent,
    -- the statement that an error is about
    concat_ws(' ', level || ': ' || text, '· ' || c[15], '· ' || c[20]) as message,
    json_some(json_object('level', level, 'sql_state', c[13], 'message', text, 'detail', c[15],
        'hint', c[16], 'context', c[19], 'query', c[20], 'command', nullif(c[8], ''),
        'transaction', c[10], 'session_start', c[9], 'application', nullif(c[23], ''),
        'backend', c[24])) as fields,
    list_filter(all_lines, lambda x: x != said.line) as cites,
    is_cut as is_open
from said
