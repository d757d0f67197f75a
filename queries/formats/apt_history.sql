-- id: apt_history
-- title: apt history.log: what was installed, by which command
-- kind: record
-- rank: 30
-- recognise: ^Start-Date: \d{4}-\d\d-\d\d  \d\d:\d\d:\d\d
-- example: Start-Date: 2019-07-10  16:38:08
-- yields: system
-- source: apt apt-pkg/deb/dpkgpm.cc
with marks as (
    select
        evidence, path, line, offset_bytes, message, zone,
        count(*) filter (starts_with(message, 'Start-Date: ')) over (
            partition by evidence, path order by line rows unbounded preceding) as nth
    from lines
),
blocks as (
    select
        evidence, path, nth, any_value(zone) as zone,
        min(line) as line, min(offset_bytes) as offset_bytes,
        list(line order by line) as all_lines,
        max(line) = max(max(line)) over (partition by evidence, path) as is_last,
        arg_min(message, line) as started,
        max(message) filter (starts_with(message, 'Commandline: ')) as command,
        max(message) filter (starts_with(message, 'Requested-By: ')) as asked_by,
        max(message) filter (starts_with(message, 'End-Date: ')) as ended,
        string_agg(message, chr(10) order by line)
            filter (regexp_matches(message, '^(Install|Upgrade|Remove|Purge|Downgrade|Reinstall): '))
            as changes
    from marks
    where nth > 0
        and (trim(message) = '' or regexp_matches(message,
            '^(Start-Date|Commandline|Requested-By|Install|Upgrade|Remove|Purge|Downgrade|Reinstall|Error|End-Date): '))
    group by evidence, path, nth
)
select
    evidence, line, offset_bytes,
    in_utc(try_strptime(started, 'Start-Date: %Y-%m-%d  %H:%M:%S'), zone) as ts,
    in_utc(try_strptime(ended, 'End-Date: %Y-%m-%d  %H:%M:%S'), zone) as ts_end,
    zone_quality(zone) as ts_quality,
    'system' as category, lower(split_part(changes, ':', 1)) as activity,
    if(ended is null, 'unknown', 'ok') as outcome, 1 as severity,
    nullif(regexp_extract(asked_by, 'Requested-By: (\S+)', 1), '') as actor,
    'package' as object_kind,
    substring(command, 14) as cmdline,
    coalesce(substring(command, 14), 'apt') || coalesce(': ' || left(changes, 400), '') as message,
    json_object('changes', changes) as fields,
    if(len(all_lines) > 1, all_lines[2:], null) as cites,
    is_last as is_open
from blocks
