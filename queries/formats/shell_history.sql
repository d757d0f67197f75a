-- id: shell_history
-- title: Shell history without times
-- kind: record
-- rank: 97
-- recognise: .
-- path: (^|[/!.])(bash|zsh|sh|ash|fish)_history[^/!]*$
-- example: cat /etc/shadow
-- yields: process
-- source: bash(1) HISTFILE
-- Told by the file's name alone.
select
    evidence, line, offset_bytes, null::timestamp as ts, 'none' as ts_quality,
    'process' as category, 'shell' as activity, 'unknown' as outcome, 1 as severity,
    nullif(regexp_extract(path, '(?:home/|^|/)([^/!]+)/\.?[a-z]*_?history$', 1), '') as actor,
    message as cmdline, message
from lines
where regexp_matches(path, '(^|[/!.])(bash|zsh|sh|ash|fish)_history[^/!]*$') and trim(message) != ''
