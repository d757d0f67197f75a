-- id: changes
-- title: The newest steps of some kinds that a reader would call a change
select kind, step, cluster, namespace, name
from steps
where kind in (select unnest($kinds::varchar[]))
    and ($namespace = '' or namespace = $namespace)
    and ($name = '' or name = $name)
    and ($since::timestamp is null or ts >= $since::timestamp)
    and ($as_of::timestamp is null or ts <= $as_of::timestamp)
    -- what is seen for the first time has not changed
    and (effect in ('create', 'write', 'ask', 'end') or (effect = 'seen' and is_known))
    -- a status of which only its writing is known says nothing
    and not (effect = 'write' and body_kind is null and coalesce(subresource, '') = 'status')
order by ts desc, kind, step desc
limit $limit
