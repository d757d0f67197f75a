-- id: top
-- title: Entities that errors, denials and severe events name most
with severe as (
    select actor, src_ip, pod, node, object_name, object_kind
    from events
    where severity >= 3 or outcome in ('denied', 'failed')
),
pairs as (
    unpivot severe
    on actor, src_ip, pod, node
    into name column_name value entity_value
)
select column_name, entity_value, count(*)::bigint as event_count
from pairs
group by all
order by event_count desc, column_name, entity_value
limit $limit
