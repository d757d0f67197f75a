-- id: syslog_iso
-- title: Syslog with an ISO time (rsyslog's and journalctl's short-iso)
-- kind: envelope
-- rank: 6
-- recognise: ^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d) \S+ [A-Za-z_/][\w./-]*(\[\d+\])?:
-- example: 2020-05-31T00:00:45.738158+00:00 localhost systemd[1]: Reloaded System Logging Service.
-- yields: system
-- source: https://www.rsyslog.com/doc/configuration/templates.html, RSYSLOG_FileFormat
with parts as (
    select
        evidence, line, offset_bytes,
        regexp_extract(message,
            '^(\S+) (\S+) ([A-Za-z_/][\w./-]*)(?:\[(\d+)\])?: ?((?s:.*))$',
            ['stamp', 'host', 'program', 'pid', 'text']) as p
    from lines
)
select
    evidence, line, offset_bytes, iso_ts(p.stamp) as ts, 'exact' as ts_quality,
    p.host as node, p.program as program, try_cast(p.pid as bigint) as pid,
    ltrim(p.text) as message
from parts
where p.stamp != '' and iso_ts(p.stamp) is not null and p.host not in ('stdout', 'stderr')
    and not regexp_matches(p.host, '^(\d{4}-|\[)|^(TRACE|DEBUG|INFO|WARN|WARNING|ERROR|FATAL)$')
