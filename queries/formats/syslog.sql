-- id: syslog
-- title: Syslog with the BSD header (RFC 3164), and journalctl's short form
-- kind: envelope
-- rank: 4
-- recognise: ^(<\d{1,3}>)?(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ 0-9]?\d \d\d:\d\d:\d\d(\.\d+)? \S
-- example: Mar 11 22:55:32 ubuntu2015 sshd[3]: Failed password for root from 188.124.3.41 port 32889 ssh2
-- yields: system
-- source: RFC 3164 section 4.1; journalctl(1) -o short, short-precise
with stripped as (
    select
        evidence, line, offset_bytes, file_ts, zone, year,
        if(message[1] = '<', substring(message, position('>' in message) + 1), message) as text,
        if(message[1] = '<',
            try_cast(substring(message, 2, position('>' in message) - 2) as integer), null) as pri
    from lines
),
headed as (
    -- the host begins after the third field; a day below ten may have one blank or two
    select
        *,
        case
            when text[16] = ' ' and text[10] = ':' then 16
            when text[15] = ' ' and text[9] = ':' then 15
            else position(' ' in substring(text, 15)) + 14
        end as stop
    from stripped
    where text[10] = ':' or text[9] = ':'
),
placed as (
    select
        *, left(text, stop - 1) as stamp, substring(text, stop + 1) as rest
    from headed
),
hosted as (
    select
        evidence, line, offset_bytes, zone, year, pri,
        dated(regexp_replace(stamp, ' +', ' '), year, file_ts) as wall,
        split_part(rest, ' ', 1) as host,
        ltrim(substring(rest, strlen(split_part(rest, ' ', 1)) + 2)) as tagged,
        strlen(split_part(rest, ' ', 1)) as host_bytes, rest
    from placed
),
tags as (
    select
        *,
        substring(rest, length(host) + 2) as said,
        position(':' in substring(rest, length(host) + 2, 64)) as colon,
        position(' ' in substring(rest, length(host) + 2, 64)) as blank
    from hosted
    where wall is not null
)
select
    evidence, line, offset_bytes,
    in_utc(wall, zone) as ts, year_quality(year, zone) as ts_quality,
    nullif(rtrim(host, ':'), '') as node,
    if(colon > 1 and (blank = 0 or colon < blank),
        split_part(left(said, colon - 1), '[', 1), null) as program,
    if(colon > 1 and (blank = 0 or colon < blank),
        try_cast(rtrim(split_part(left(said, colon - 1), '[', 2), ']') as bigint), null) as pid,
    case pri % 8
        when 0 then 6 when 1 then 5 when 2 then 5 when 3 then 4 when 4 then 3 when 5 then 1
        when 6 then 1 when 7 then 0
    end as severity,
    if(colon > 1 and (blank = 0 or colon < blank), ltrim(substring(said, colon + 1)), said)
        as message
from tags
