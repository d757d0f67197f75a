-- id: syslog
-- title: Syslog with the BSD header (RFC 3164), and journalctl's short form
-- kind: envelope
-- rank: 4
-- recognise: ^(<\d{1,3}>)?(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ 0-9]?\d \d\d:\d\d:\d\d(\.\d+)?:? \S
-- example: Mar 11 22:55:32 ubuntu2015 sshd[3]: Failed password for root from 188.124.3.41 port 32889 ssh2
-- example: <13>Mar  3 14:05:06 host-1 app: hello
-- example: Nov 10 14:17:41.900439 node-1 kubelet[2296]: short-precise
-- yields: system
-- source: RFC 3164 section 4.1; journalctl(1) -o short, short-precise; rsyslog's RepeatedMsgReduction
-- Positions, not a regular expression: this is the format of the largest files.
with stripped as (
    select
        evidence, line, offset_bytes, file_ts, zone, year, context,
        if(message[1] = '<', substring(message, position('>' in message) + 1), message) as text,
        if(message[1] = '<',
            try_cast(substring(message, 2, position('>' in message) - 2) as integer), null) as pri
    from lines
),
placed as (
    -- the time ends at the blank after the seconds; a day below ten may have one blank or two
    select
        *,
        case
            when text[16] = ' ' then 16
            when text[15] = ' ' then 15
            when contains(substring(text, 16, 12), ' ')
                then position(' ' in substring(text, 16, 12)) + 15
            else length(text) + 1
        end as stop
    from stripped
    where (text[10] = ':' or text[9] = ':') and text[4] = ' '
        and left(text, 3) in ('Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep',
            'Oct', 'Nov', 'Dec')
),
stamped as (
    select
        evidence, line, offset_bytes, file_ts, zone, year, context, pri,
        stamp_near(rtrim(left(text, stop - 1), ':'), year, file_ts) as near,
        left(text, stop - 1) as stamp,
        substring(text, stop + 1) as rest
    from placed
),
hosted as (
    -- `Nov 18 01:15:43: text` has no host
    select *, if(ends_with(stamp, ':'), 0, position(' ' in rest)) as host_size
    from stamped
),
tagged as (
    select
        * exclude (rest),
        left(rest, greatest(host_size - 1, 0)) as host,
        substring(rest, host_size + 1) as said
    from hosted
),
marked as (
    -- a tag is `program:` or `program[pid]:` at the head of the message
    select *, position(':' in said) as colon, position(' ' in said) as blank
    from tagged
),
parts as (
    select
        *,
        if(colon > 1 and (blank = 0 or colon < blank), left(said, colon - 1), null) as tag,
        if(colon > 1 and (blank = 0 or colon < blank), ltrim(substring(said, colon + 1)),
            ltrim(said)) as text
    from marked
)
select
    evidence, line, offset_bytes,
    in_utc(stamp_ts(near, rtrim(stamp, ':'), year, file_ts), zone) as ts,
    year_quality(year, zone) as ts_quality,
    -- a line without a host has its program there
    if(host = '' or host = 'kernel' or ends_with(host, ':'), null, host) as node,
    coalesce(split_part(tag, '[', 1), if(host = 'kernel', host, null)) as program,
    if(contains(tag, '['), try_cast(rtrim(split_part(tag, '[', 2), ']') as bigint), null) as pid,
    case pri % 8
        when 0 then 6 when 1 then 5 when 2 then 5 when 3 then 4 when 4 then 3 when 5 then 1
        when 6 then 1 when 7 then 0
    end as severity,
    -- `message repeated 5 times: [ … ]` stands for that message
    if(starts_with(text, 'message repeated ') and ends_with(text, ']'),
        regexp_extract(text, '^message repeated \d+ times: \[ ?((?s:.*))\]$', 1), text) as message,
    if(starts_with(text, 'message repeated ') and ends_with(text, ']'),
        coalesce('{"repeated":'
            || nullif(regexp_extract(text, '^message repeated (\d{1,9}) times: \[', 1), '') || '}',
            context),
        context) as context
from parts
