-- id: leftover_text
-- title: A line that no format knows is an event of format text; blank ones are cited by another
insert into batch by name
select
    root, part, 'none' as ts_quality, 'system' as category, 'log' as activity,
    'unknown' as outcome, message, if(trim(message) = '', 'blank', $chain) as format
from left_lines
