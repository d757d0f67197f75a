-- id: pod-containers
-- title: Its containers and images
-- entity: pod
with mine as (
    select
        node, namespace, container, container_id, image, outcome, ts,
        -- the last of these is the event to open: those without a time come before all others
        {
            'timed': ts is not null, 'ts': ts, 'evidence': evidence, 'path': path,
            'line': line, 'part': part
        } as place
    from events
    where pod = $value
        and ($as_of::timestamp is null or ts <= $as_of)
        and (container_id is not null or image is not null)
),
grouped as (
    select
        node, namespace, container, container_id, image,
        count(*)::bigint as event_count,
        count(*) filter (outcome in ('denied', 'failed'))::bigint as bad_count,
        min(ts) as first_ts, max(ts) as last_ts, max(place) as cited
    from mine
    group by all
)
select
    node, namespace, container, container_id, image,
    event_count, bad_count, first_ts, last_ts,
    cited.evidence, cited.path, cited.line, cited.part
from grouped
order by event_count desc, node, namespace, container, container_id, image
limit $limit
