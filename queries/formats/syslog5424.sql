-- id: syslog5424
-- title: Syslog (RFC 5424)
-- kind: envelope
-- rank: 3
-- recognise: ^<\d{1,3}>1 (\d{4}-\d\d-\d\dT\S+|-) \S+ \S+ \S+ \S+
-- example: <30>1 2021-03-06T04:07:38.263426+00:00 hostname systemd 1 - -  Stopping Regular background program processing daemon...
-- yields: system
-- source: RFC 5424 section 6
with parts as (
    select
        evidence, line, offset_bytes,
        regexp_extract(message,
            '^<(\d{1,3})>1 (\S+) (\S+) (\S+) (\S+) (\S+) (-|(?:\[(?:[^\]"]|"(?:[^"\\]|\\.)*")*\])+) ?((?s:.*))$',
            ['pri', 'stamp', 'host', 'app', 'proc', 'msgid', 'data', 'text']) as p
    from lines
    where message[1] = '<'
)
select
    evidence, line, offset_bytes,
    iso_ts(p.stamp) as ts, if(iso_ts(p.stamp) is null, 'none', 'exact') as ts_quality,
    nullif(p.host, '-') as node, nullif(p.app, '-') as program, try_cast(p.proc as bigint) as pid,
    case try_cast(p.pri as integer) % 8
        when 0 then 6 when 1 then 5 when 2 then 5 when 3 then 4 when 4 then 3 when 5 then 1
        when 6 then 1 else 0
    end as severity,
    if(p.data = '-', null, json_object('structured_data', p.data, 'msgid', p.msgid)) as fields,
    ltrim(p.text, chr(65279) || ' ') as message
from parts
where p.pri != ''
