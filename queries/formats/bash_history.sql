-- id: bash_history
-- title: Shell history (bash with and without times, zsh extended)
-- kind: record
-- rank: 6
-- recognise: ^#\d{9,10}$
-- recognise: ^: \d{9,10}:\d+;
-- example: #1380630977
-- example: : 1457771210:0;cd plaso
-- yields: process
-- source: bash(1) HISTTIMEFORMAT; zsh EXTENDED_HISTORY
-- `#epoch` is the time of the lines up to the next one; a zsh command goes on after a backslash.
-- Only a file that begins like this, or is called so, is one: a `#epoch` line that somebody wrote
-- into another log must not make commands of all that follows it.
with marks as (
    select
        evidence, path, line, offset_bytes, message,
        try_cast(nullif(regexp_extract(message, '^#(\d{9,10})$', 1), '') as bigint) as bash_epoch,
        regexp_extract(message, '^: (\d{9,10}):(\d+);((?s:.*))$', ['epoch', 'took', 'text']) as z
    from lines
    where regexp_matches(path, '(^|[/!._-])(bash|zsh|sh|ash)_history[^/!]*$')
        or regexp_matches(header, '^(#\d{9,10}$|: \d{9,10}:\d+;)')
),
groups as (
    select
        *,
        count(*) filter (bash_epoch is not null or z.epoch != '') over (
            partition by evidence, path order by line rows unbounded preceding) as nth
    from marks
)
select
    evidence, min(line) as line, min(offset_bytes) as offset_bytes,
    make_timestamp(arg_min(coalesce(bash_epoch, try_cast(z.epoch as bigint)), line) * 1000000) as ts,
    'exact' as ts_quality,
    'process' as category, 'shell' as activity, 'unknown' as outcome, 1 as severity,
    nullif(regexp_extract(any_value(path), '(?:home/|^|/)([^/!]+)/\.?[a-z]*_?history$', 1), '')
        as actor,
    trim(string_agg(if(z.epoch != '', z.text, message), chr(10) order by line)
        filter (bash_epoch is null), chr(10)) as cmdline,
    coalesce(trim(string_agg(if(z.epoch != '', z.text, message), chr(10) order by line)
        filter (bash_epoch is null), chr(10)), 'a time without a command') as message,
    if(count(*) > 1, list_filter(list(line order by line), lambda x: x > min(line)), null) as cites,
    max(line) = max(max(line)) over (partition by evidence, path) as is_open
from groups
where nth > 0
group by evidence, path, nth
