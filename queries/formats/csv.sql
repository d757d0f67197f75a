-- id: csv
-- title: Comma- or tab-separated values with a header
-- kind: record
-- rank: 91
-- recognise: ^"?(time|timestamp|date|datetime|@timestamp|ts|_time|event_time|eventTime|id|name|hostname|host|user)"?[,\t;]
-- recognise: ^"?[A-Za-z_@][\w @./()\[\]-]{0,60}"?([,;\t]"?[A-Za-z_@][\w @./()\[\]-]{0,60}"?){2,}$
-- example: timestamp,host,user,action
-- example: LineId,Date,Time,Level,Component,Content
-- yields: system
-- source: RFC 4180; the exports of Kibana, Splunk and Azure Monitor
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
    where regexp_matches(header, '^"?[A-Za-z_@][^,;\t=:{]*"?([,;\t]"?[^,;\t=:{]+"?)+$')
        -- a log's first line can have commas too: one that begins with a time is a table's only if
        -- the header names it
        and (not regexp_matches(message, '^["\[(]?\d{2,4}[-/.]\d')
            or regexp_matches(header,
                '(?i)(^|[,;\t])"?@?_?(time|timestamp|date|datetime|ts|(event|start|creation|utc)_?time|created|date/time|time_?generated( \[utc\])?)"?([,;\t]|$)'))
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
plain as (
    select *, list_transform(names, lambda x: regexp_replace(lower(x), '[ .-]+', '_', 'g')) as plain_names
    from cells
),
rows as (
    select
        *,
        map_from_entries(list_zip(names, values)) as m,
        map_from_entries(list_zip(plain_names, values)) as low,
        message = header as is_header
    from plain
    where len(names) = len(values) and len(list_distinct(plain_names)) = len(names)
),
known as (
    select
        *,
        if(low['date'] is not null and low['time'] is not null, low['date'] || ' ' || low['time'],
            coalesce(low['timestamp'], low['time'], low['@timestamp'], low['datetime'], low['date'],
                low['ts'], low['_time'], low['event_time'], low['eventtime'], low['date/time'],
                low['timegenerated'], low['timegenerated_[utc]'], low['time_generated'], low['utctime'], low['start_time'], low['starttime'],
                low['creationtime'], low['created'])) as stamp,
        coalesce(low['message'], low['msg'], low['content']) as said,
        named_peer(low) as peer
    from rows
),
timed as (
    select
        *,
        coalesce(
            iso_ts(replace(stamp, ',', '.')), epoch_ts(stamp),
            try_strptime(stamp, ['%d/%b/%Y:%H:%M:%S %z', '%d/%b/%Y %H:%M:%S', '%b %d, %Y @ %H:%M:%S.%g',
                '%m/%d/%Y, %I:%M:%S.%g %p', '%m/%d/%Y, %I:%M:%S %p', '%m/%d/%Y %I:%M:%S %p',
                '%m/%d/%Y %H:%M:%S', '%d.%m.%Y %H:%M:%S', '%y/%m/%d %H:%M:%S', '%Y/%m/%d %H:%M:%S',
                '%a %b %d %H:%M:%S %Y', '%y%m%d %H%M%S'])::timestamp) as found_ts
    from known
),
judged as (
    select
        *,
        coalesce(address_of(peer), said_once(said_ips(said))) as whence,
        coalesce(named_user(low), said_user(said)) as person
    from timed
),
decided as (
    select *, if(is_header, null, login_of(coalesce(said, message), person, whence)) as login
    from judged
)
select
    evidence, line, offset_bytes,
    if(is_header, null, found_ts) as ts,
    case
        when is_header or found_ts is null then 'none'
        when regexp_matches(stamp, '(Z|[+-]\d\d:?\d\d|^[0-9.]+)$')
            or (low['timegenerated_[utc]'] is not null and low['date'] is null) then 'exact'
        else zone_quality(zone)
    end as ts_quality,
    if(login is null, 'system', 'login') as category,
    case when is_header then 'header' when login is not null then 'login' else 'log' end as activity,
    login as outcome,
    if(is_header, null, level_severity(lower(coalesce(low['level'], low['severity'], low['loglevel']))))
        as severity,
    if(is_header, null, person) as actor,
    if(is_header, null, coalesce(low['host'], low['hostname'], low['node'], low['computer'])) as node,
    if(is_header, null, whence) as src_ip,
    if(is_header, null, port_of(peer)) as src_port,
    if(is_header, message,
        coalesce(said,
            array_to_string(list_transform(list_zip(names, values),
                lambda x: x[1] || '=' || x[2]), ' '))) as message,
    if(is_header, null, to_json(m)) as fields
from decided
