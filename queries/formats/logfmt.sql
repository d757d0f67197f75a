-- id: logfmt
-- title: key=value lines (logfmt)
-- kind: record
-- rank: 94
-- recognise: ^(\S+=("([^"\\]|\\.)*"|\S*) )*(ts|time|t|level|lvl|severity|msg|message)=\S*.* (ts|time|t|level|lvl|severity|msg|message|caller|err|error|component|module)=
-- example: level=info ts=2021-11-15T09:21:29.540Z caller=main.go:216 msg="Starting Alertmanager" version="(version=0.21.0)"
-- yields: system
-- source: https://brandur.org/logfmt
with pairs as (
    select
        evidence, line, offset_bytes, ts as outer_ts, ts_quality as outer_quality, message,
        regexp_extract_all(message, '(?:^| )([A-Za-z_@][\w.@/-]*)=("(?:[^"\\]|\\.)*"|\S*)', 1) as keys,
        regexp_extract_all(message, '(?:^| )([A-Za-z_@][\w.@/-]*)=("(?:[^"\\]|\\.)*"|\S*)', 2) as texts
    from lines
    where regexp_matches(message, '^[A-Za-z_@][\w.@/-]*=')
),
maps as (
    select
        *,
        map_from_entries(list_distinct(list_zip(
            keys,
            list_transform(texts, lambda t: if(t[1] = '"',
                replace(replace(substring(t, 2, length(t) - 2), '\"', '"'), '\n', chr(10)), t))
        ))) as m
    from pairs
    where len(keys) >= 2 and len(list_distinct(keys)) = len(keys)
),
known as (
    select
        *,
        coalesce(m['time'], m['ts'], m['t'], m['timestamp']) as stamp,
        lower(coalesce(m['level'], m['lvl'], m['severity'])) as level,
        coalesce(m['msg'], m['message']) as said,
        named_peer(m) as peer
    from maps
    where list_has_any(keys, ['msg', 'message', 'level', 'lvl', 'severity', 'ts', 'time', 't'])
),
judged as (
    select
        *,
        coalesce(address_of(peer), said_once(said_ips(said))) as whence,
        coalesce(named_user(m), said_user(said)) as person
    from known
),
decided as (
    select *, login_of(said, person, whence) as login
    from judged
)
select
    evidence, line, offset_bytes,
    coalesce(iso_ts(stamp), make_timestamp((try_cast(stamp as double) * 1000000)::bigint), outer_ts)
        as ts,
    if(stamp is null, outer_quality, 'exact') as ts_quality,
    if(login is null, 'system', 'login') as category, if(login is null, 'log', 'login') as activity,
    case
        when login is not null then login
        when level in ('error', 'err', 'fatal', 'panic', 'crit', 'critical') then 'failed'
        else 'unknown'
    end as outcome,
    level_severity(level) as severity,
    nullif(coalesce(m['namespace'], m['ns']), '') as namespace,
    nullif(m['pod'], '') as pod,
    nullif(m['container'], '') as container,
    nullif(m['node'], '') as node,
    person as actor, whence as src_ip,
    if(address_of(peer) is null, said_port(said, whence), port_of(peer)) as src_port,
    coalesce(said, message) as message,
    to_json(m) as fields
from decided
