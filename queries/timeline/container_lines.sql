-- id: container_lines
-- title: What the containers of some pods wrote, as far as evidence holds it, the newest lines last
with wanted as (
    select unnest($places::struct(namespace varchar, pod varchar, container varchar)[]) as place
),
newest as (
    select
        ts, events.container, events.pod, message, evidence, path, line, part
    from events
    join wanted on (events.pod = place.pod and (place.namespace = ''
            or events.namespace is null or events.namespace = place.namespace)
            and (place.container = '' or events.container = place.container))
        or (place.pod = '' and events.container = place.container and events.pod is null)
    where category not in ('api', 'workload', 'container')
        -- what others say of a pod (a scanner, a capture) is not what it wrote
        and (format like 'cri%' or format like 'docker_json%' or format like 'cluster_info_logs%'
            or format like 'kube_log%' or format like 'gathered_log%')
        and ($as_of::timestamp is null or ts is null or ts <= $as_of::timestamp)
    order by ts desc nulls last, evidence desc, path desc, line desc, part desc
    limit $limit
)
select ts, coalesce(container, '') as container, coalesce(pod, '') as pod, message
from newest
order by ts nulls first, evidence, path, line, part
