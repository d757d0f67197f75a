-- id: csv
-- title: Comma- or tab-separated values with a header
-- kind: record
-- rank: 96
-- recognise: ^"?(time|timestamp|date|datetime|@timestamp|ts|_time|event_time|eventTime|id|name|hostname|host|user)"?[,\t;]
-- example: timestamp,host,user,action
-- yields: system
-- source: RFC 4180
-- The header names the columns: `lines.header` is the first line of the file.
with separators as (
    select
        evidence, line, offset_bytes, message, header, zone,
        case
            when contains(header, chr(9)) then chr(9)
            when contains(header, ',') then ','
            else ';'
        end as separator
    from lines
    where regexp_matches(header, '^"?[A-Za-z_@][^,;\t]*"?([,;\t]"?[^,;\t]+"?)+$')
),
cells as (
    select
        *,
        list_transform(string_split(header, separator), lambda x: trim(x, '" ')) as names,
        list_transform(
            regexp_extract_all(
                separator || message,
                '[,;\t]("(?:[^"]|"")*"|[^,;\t]*)', 1),
            lambda x: if(x[1] = '"', replace(substring(x, 2, length(x) - 2), '""', '"'), x)) as values
    from separators
),
rows as (
    select
        *, map_from_entries(list_zip(names, values)) as m,
        message = header as is_header
    from cells
    where len(names) = len(values) and len(list_distinct(names)) = len(names)
),
known as (
    select
        *,
        coalesce(m['timestamp'], m['time'], m['@timestamp'], m['datetime'], m['date'], m['ts'],
            m['_time'], m['event_time'], m['eventTime']) as stamp
    from rows
)
select
    evidence, line, offset_bytes,
    if(is_header, null, coalesce(iso_ts(stamp), epoch_ts(stamp))) as ts,
    case
        when is_header or coalesce(iso_ts(stamp), epoch_ts(stamp)) is null then 'none'
        when regexp_matches(stamp, '(Z|[+-]\d\d:?\d\d|^[0-9.]+)$') then 'exact'
        else zone_quality(zone)
    end as ts_quality,
    'system' as category, if(is_header, 'header', 'log') as activity,
    if(is_header, null, coalesce(m['user'], m['username'])) as actor,
    if(is_header, null, coalesce(m['host'], m['hostname'], m['node'])) as node,
    if(is_header, null, coalesce(m['src_ip'], m['source_ip'], m['ip'])) as src_ip,
    if(is_header, message,
        coalesce(m['message'], m['msg'],
            array_to_string(list_transform(list_zip(names, values),
                lambda x: x[1] || '=' || x[2]), ' '))) as message,
    if(is_header, null, to_json(m)) as fields
from known
