-- id: zeek
-- title: Zeek conn, dns and http logs (TSV)
-- kind: record
-- rank: 34
-- recognise: ^#(separator|set_separator|empty_field|unset_field|path|open|close|fields|types)[ \t]
-- recognise: ^\d{10}\.\d{6}\t[A-Za-z0-9]{10,}\t
-- example: #fields	ts	uid	id.orig_h	id.orig_p	id.resp_h	id.resp_p	proto
-- yields: network, dns, http
-- source: https://docs.zeek.org/en/master/log-formats.html
-- The line `#fields` names the columns; lines that begin with # are events of the file itself.
with rows as (
    select
        evidence, line, offset_bytes, message, message[1] = '#' as is_header,
        string_split(header, chr(9))[2:] as names, string_split(message, chr(9)) as texts
    from lines
    where starts_with(header, '#fields') or message[1] = '#'
),
maps as (
    select *, if(is_header, map {}::map(varchar, varchar),
        map_from_entries(list_filter(list_zip(names, texts), lambda x: x[2] not in ('-', '(empty)'))))
        as m
    from rows
    where is_header or (len(names) = len(texts) and len(list_distinct(names)) = len(names))
)
select
    evidence, line, offset_bytes,
    make_timestamp((try_cast(m['ts'] as decimal(28, 6)) * 1000000)::bigint) as ts,
    if(is_header, 'none', 'exact') as ts_quality,
    case
        when is_header then 'system'
        when m['query'] is not null then 'dns'
        when m['method'] is not null then 'http'
        else 'network'
    end as category,
    case
        when is_header then 'header'
        when m['query'] is not null then 'query'
        when m['method'] is not null then lower(m['method'])
        else 'connect'
    end as activity,
    case
        when is_header then 'unknown'
        when m['conn_state'] in ('REJ', 'S0', 'RSTOS0', 'RSTRH') then 'failed'
        when m['rcode_name'] not in ('NOERROR') then 'failed'
        else 'ok'
    end as outcome,
    1 as severity,
    coalesce(m['conn_state'], m['status_code'], m['rcode_name']) as status,
    m['uid'] as session, m['user_agent'] as user_agent,
    m['id.orig_h'] as src_ip, try_cast(m['id.orig_p'] as usmallint) as src_port,
    m['id.resp_h'] as dst_ip, try_cast(m['id.resp_p'] as usmallint) as dst_port,
    coalesce(m['query'], m['host']) as dst_name,
    if(m['uri'] is null, null, 'url') as object_kind, m['uri'] as object_name,
    if(is_header, message, concat_ws(' ', m['proto'], m['service'], m['method'],
        m['id.orig_h'] || ':' || m['id.orig_p'], '→', m['id.resp_h'] || ':' || m['id.resp_p'],
        m['query'], m['uri'], m['conn_state'])) as message,
    if(is_header, null, to_json(m)) as fields
from maps
