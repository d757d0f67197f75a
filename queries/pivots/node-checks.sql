-- id: node-checks
-- title: Was this node broken out to: what was asked of it, and the answers
-- entity: node
select
    object_name as asked, message as answer, severity, ts,
    evidence, path, line, part
from events
where node = $value
    and ($as_of::timestamp is null or ts <= $as_of)
    and category = 'system' and activity = 'check'
    and format = 'capture_other'
order by severity desc nulls last, ts desc, asked
limit $limit
