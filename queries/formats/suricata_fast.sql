-- id: suricata_fast
-- title: Suricata and Snort alerts as text (fast.log)
-- kind: record
-- rank: 14
-- recognise: ^\d\d/\d\d(/\d{4})?-\d\d:\d\d:\d\d\.\d{6} {1,2}(\[\w+\] )?\[\*\*\] \[\d+:\d+:\d+\] 
-- example: 07/11/2022-10:29:32.251216  [**] [1:2008578:4] ET SCAN Sipvicious Scan [**] [Classification: Attempted Information Leak] [Priority: 2] {UDP} 192.0.2.8:5116 -> 10.0.0.5:5060
-- yields: alert
-- source: https://docs.suricata.io/en/latest/configuration/suricata-yaml.html (fast.log); Suricata alert-fastlog.c
with parts as (
    select
        evidence, line, offset_bytes, zone, year, file_ts,
        regexp_extract(message,
            '^(\d\d)/(\d\d)(?:/(\d{4}))?-(\d\d:\d\d:\d\d\.\d{6}) +(?:\[(\w+)\] )?\[\*\*\] \[(\d+:\d+:\d+)\] (.*) \[\*\*\] (?:\[Classification: ([^\]]*)\] )?(?:\[Priority: (\d+)\] )?\{([^}]+)\} (\S+) -> (\S+)',
            ['month', 'day', 'year', 'clock', 'action', 'rule', 'signature', 'class', 'priority',
                'proto', 'src', 'dst']) as p
    from lines
),
known as (
    select
        *,
        -- Snort leaves the year out
        try_strptime(
            coalesce(nullif(p.year, ''), year::varchar, year(file_ts)::varchar) || '/' || p.month
                || '/' || p.day || ' ' || p.clock, '%Y/%m/%d %H:%M:%S.%f') as near,
        -- IPv6 comes without brackets, with all its zeros
        regexp_extract(p.src, '^(.*?)(?::(\d{1,5}))?$', ['ip', 'port']) as s4,
        regexp_extract(p.dst, '^(.*?)(?::(\d{1,5}))?$', ['ip', 'port']) as d4,
        regexp_extract(p.src, '^((?:[0-9a-f]{4}:){7}[0-9a-f]{4})(?::(\d{1,5}))?$', ['ip', 'port'])
            as s6,
        regexp_extract(p.dst, '^((?:[0-9a-f]{4}:){7}[0-9a-f]{4})(?::(\d{1,5}))?$', ['ip', 'port'])
            as d6
    from parts
    where p.rule != ''
),
sided as (
    select
        *,
        if(s6.ip != '', ip6_text(replace(s6.ip, ':', '')), s4.ip) as src,
        if(d6.ip != '', ip6_text(replace(d6.ip, ':', '')), d4.ip) as dst,
        nullif(if(s6.ip != '', s6.port, s4.port), '') as sport,
        nullif(if(d6.ip != '', d6.port, d4.port), '') as dport
    from known
)
select
    evidence, line, offset_bytes,
    in_utc(if(p.year = '', stamp_ts(near, '', year, file_ts), near), zone) as ts,
    case when near is null then 'none' when p.year = '' then year_quality(year, zone)
        else zone_quality(zone) end as ts_quality,
    'alert' as category, 'alert' as activity,
    case
        when lower(p.action) in ('drop', 'reject', 'block') then 'denied'
        when p.action = '' then 'ok'
        else 'unknown'
    end as outcome,
    p.signature as status,
    case p.priority when '1' then 4 when '2' then 3 when '3' then 2 else 1 end as severity,
    src as src_ip, try_cast(sport as usmallint) as src_port,
    dst as dst_ip, try_cast(dport as usmallint) as dst_port,
    concat_ws(' ', nullif(p.action, ''), p.signature, p.proto,
        src || coalesce(':' || sport, ''), '→', dst || coalesce(':' || dport, '')) as message,
    json_object('rule', p.rule, 'classification', nullif(p.class, ''),
        'priority', try_cast(p.priority as integer), 'protocol', p.proto) as fields
from sided
