-- id: touches
-- title: The other entities in an entity's events
with mine as (
    select
        pod, node, namespace, workload, image, actor, src_ip, dst_ip, dst_name, object_name,
        container_id, exe, file_path, session, user_agent, file_hash
    from events
    where (true /* filter */)
),
pairs as (
    unpivot mine
    on pod, node, namespace, workload, image, actor, src_ip, dst_ip, dst_name, object_name,
        container_id, exe, file_path, session, user_agent, file_hash
    into name column_name value entity_value
),
counted as (
    select column_name, entity_value, count(*)::bigint as event_count
    from pairs
    group by all
)
select column_name, entity_value, event_count
from counted
qualify row_number() over (partition by column_name order by event_count desc, entity_value) <= $each
order by event_count desc, column_name, entity_value
