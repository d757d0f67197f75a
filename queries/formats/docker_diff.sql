-- id: docker_diff
-- title: docker diff: files that a container added, changed or deleted
-- kind: record
-- rank: 60
-- recognise: ^[ACD] /\S
-- path: diff
-- example: A /usr/bin/.ssh-agent
-- yields: file
-- source: https://docs.docker.com/reference/cli/docker/container/diff/
select
    evidence, line, offset_bytes, null::timestamp as ts, 'none' as ts_quality,
    'file' as category,
    case message[1] when 'A' then 'added' when 'C' then 'changed' else 'deleted' end as activity,
    'ok' as outcome, 1 as severity, substring(message, 3) as file_path,
    case message[1] when 'A' then 'added ' when 'C' then 'changed ' else 'deleted ' end
        || substring(message, 3) as message
from lines
where regexp_matches(message, '^[ACD] /') and contains(path, 'diff')
