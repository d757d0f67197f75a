-- id: leftover_text
-- title: A line that no format knows is an event of format text
-- A blank, indented or closing line goes on with the event before it, which then cites it.
select
    line as root, 0 as part, 'none' as ts_quality, 'system' as category, 'log' as activity,
    'unknown' as outcome, message,
    if(regexp_matches(message, '^(\s|$|[}\])])'), 'blank', 'text') as format
from lines
