-- id: planted
-- title: Files that captures of some pods found planted: programs, keys, timers, web shells
select
    file_path,
    arg_max(coalesce(nullif(status, ''), activity), severity) as why
from events
where category = 'file' and ends_with(format, 'capture_file')
    and namespace = $namespace and pod in (select unnest($pods::varchar[]))
    and severity >= 4 and activity != 'deleted'
group by file_path
order by file_path
limit $limit
