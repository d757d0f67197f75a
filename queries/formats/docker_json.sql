-- id: docker_json
-- title: Container log of Docker's json-file driver
-- kind: envelope
-- rank: 2
-- recognise: ^\{"log":".*"time":"\d{4}-
-- example: {"log":"hello\n","stream":"stdout","time":"2021-08-24T09:52:13.20764059Z"}
-- yields: system
-- source: https://docs.docker.com/engine/logging/drivers/json-file/
-- Docker splits a long line every 16 KB: a record without a line feed goes on in the next one.
with documents as (
    select
        evidence, path, line, offset_bytes,
        from_json(message, '{"log": "VARCHAR", "stream": "VARCHAR", "time": "VARCHAR",
            "attrs": "JSON"}') as r
    from lines
    where starts_with(message, '{"log":') and json_valid(message)
),
numbered as (
    select
        evidence, path, line, offset_bytes, iso_ts(r.time) as ts, r.stream as stream, r.log as text,
        r.attrs as attrs,
        ends_with(r.log, chr(10)) as is_end,
        count(*) filter (ends_with(r.log, chr(10))) over (
            partition by evidence, path, r.stream order by line
            rows between unbounded preceding and 1 preceding
        ) as piece
    from documents
    where r.time is not null and r.log is not null
)
select
    evidence, min(line) as line, min(offset_bytes) as offset_bytes, min(ts) as ts,
    'exact' as ts_quality, stream as program,
    -- labels and the tag of the container, where the daemon was asked for them
    any_value(attrs)::varchar as envelope,
    rtrim(string_agg(text, '' order by line), chr(10) || chr(13)) as message,
    if(count(*) = 1, null, list_filter(list(line order by line), lambda x: x > min(line)))
        as cites,
    not bool_or(is_end) as is_open
from numbered
group by evidence, path, stream, piece
