-- id: w3c
-- title: W3C extended log (IIS, CloudFront, HTTP.sys errors, Windows Firewall): its header names the columns
-- kind: record
-- rank: 33
-- recognise: ^#(Fields|Software|Version|Date|Start-Date|End-Date|Remark|Time Format|GMT-Offset): 
-- example: #Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) sc-status sc-substatus sc-win32-status time-taken
-- example: #Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent) cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id
-- yields: http, network
-- source: https://www.w3.org/TR/WD-logfile.html; https://learn.microsoft.com/windows/win32/http/w3c-logging; https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/AccessLogs.html
-- A server that starts again writes a new header: each line is read by the one before it.
with marked as (
    select
        evidence, line, offset_bytes, message, header, zone, path, message[1] = '#' as is_header
    from lines
    where starts_with(header, '#Fields:') or starts_with(message, '#')
        or exists (from lines where starts_with(message, '#Fields:'))
),
-- only where it changes, with the line up to which it holds
headers as (
    select path, line, named, lead(line, 1, 9223372036854775807) over (partition by path order by line) as stop
    from (
        select path, line, message as named,
            lag(message) over (partition by path order by line) as before
        from marked
        where starts_with(message, '#Fields:')
    )
    where before is null or before != named
),
dates as (
    select path, line, day, lead(line, 1, 9223372036854775807) over (partition by path order by line) as stop
    from (
        select path, line, day, lag(day) over (partition by path order by line) as before
        from (
            select path, line, left(substring(message, 8), 10) as day
            from marked
            where starts_with(message, '#Date: ')
        )
    )
    where before is null or before != day
),
named as (
    select
        marked.*, dates.day,
        string_split(trim(regexp_replace(substring(
            coalesce(headers.named, if(starts_with(header, '#Fields:'), header, null)), 9),
            '[ \t]+', ' ', 'g')), ' ') as names
    from marked
    left join headers
        on marked.path = headers.path and marked.line >= headers.line and marked.line < headers.stop
    left join dates
        on marked.path = dates.path and marked.line >= dates.line and marked.line < dates.stop
),
cells as (
    select
        * exclude (names),
        list_transform(names, lambda x: lower(x)) as names,
        -- CloudFront parts by tabs, the others by blanks; no value is empty, that is a hyphen
        if(contains(message, chr(9)), string_split(message, chr(9)),
            string_split(regexp_replace(rtrim(message), ' +', ' ', 'g'), ' ')) as texts
    from named
    where names is not null or is_header
),
maps as (
    select
        *,
        if(is_header, map {}::map(varchar, varchar),
            map_from_entries(list_filter(list_zip(names, texts), lambda x: x[2] != '-'))) as m
    from cells
    where is_header or (len(names) = len(texts) and len(list_distinct(names)) = len(names))
),
requests as (
    select
        *,
        try_cast(coalesce(m['date'], day) || ' ' || m['time'] as timestamp) as wall,
        list_contains(names, 'src-ip') as is_firewall,
        coalesce(m['sc-status'], m['sc(status)']) as code,
        coalesce(m['cs-uri'],
            m['cs-uri-stem'] || coalesce('?' || m['cs-uri-query'], '')) as uri,
        coalesce(m['x-host-header'], m['cs-host'], m['cs(host)']) as host,
        m['cs(user-agent)'] as agent
    from maps
)
select
    evidence, line, offset_bytes,
    -- the format's times are UTC, the firewall's are the machine's
    if(is_firewall, in_utc(wall, zone), wall) as ts,
    case when wall is null then 'none' when is_firewall then zone_quality(zone) else 'exact' end
        as ts_quality,
    case
        when is_header then 'system'
        when is_firewall or m['cs-method'] is null and code is null then 'network'
        else 'http'
    end as category,
    case
        when is_header then 'header'
        when is_firewall then coalesce(lower(m['action']), 'log')
        else coalesce(lower(m['cs-method']), 'request')
    end as activity,
    case
        when is_header then 'unknown'
        when is_firewall then case when m['action'] in ('DROP', 'DROP-ICMP') then 'denied'
            when m['action'] in ('ALLOW', 'OPEN', 'OPEN-INBOUND', 'CLOSE') then 'ok' else 'unknown' end
        when code is null then 'unknown'
        -- CloudFront: the client left before the answer
        when code = '000' then 'failed'
        else http_outcome(code)
    end as outcome,
    code as status,
    if(is_header, null, if(is_firewall, if(starts_with(m['action'], 'DROP'), 2, 1),
        http_severity(code))) as severity,
    m['cs-username'] as actor,
    m['x-edge-request-id'] as session,
    -- IIS writes a blank as +, CloudFront as %20
    if(contains(message, chr(9)), url_decode(agent), replace(agent, '+', ' ')) as user_agent,
    coalesce(m['c-ip'], m['src-ip']) as src_ip,
    try_cast(coalesce(m['c-port'], m['src-port']) as usmallint) as src_port,
    coalesce(m['s-ip'], m['dst-ip']) as dst_ip,
    try_cast(coalesce(m['s-port'], m['dst-port']) as usmallint) as dst_port,
    host as dst_name,
    m['s-computername'] as node,
    if(uri is null, null, 'url') as object_kind, uri as object_name,
    if(is_header, message, if(is_firewall,
        concat_ws(' ', m['action'], m['protocol'],
            m['src-ip'] || coalesce(':' || m['src-port'], '') || ' → '
                || m['dst-ip'] || coalesce(':' || m['dst-port'], ''), m['path']),
        concat_ws(' ', m['cs-method'], uri, code, host, m['s-reason'], m['x-edge-result-type'])))
        as message,
    if(is_header, null, to_json(m)) as fields
from requests
