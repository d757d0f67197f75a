-- id: feeds
-- title: What a recorder said of its own feed of a kind, in order
with marks as (
    select
        cluster, ts,
        json_extract_string(fields, ['$.type', '$.cluster', '$.namespace', '$.reason', '$.kind'])
            as d,
        evidence, line, part
    from events
    where category = 'workload' and ends_with(format, 'kube_watch')
        and object_kind in (select unnest($names::varchar[]))
        and ($as_of::timestamp is null or ts <= $as_of::timestamp)
        and ts is not null
)
select
    coalesce(nullif(d[2], 'null'), nullif(cluster, ''), $cluster) as cluster,
    coalesce(nullif(d[3], 'null'), '') as namespace,
    d[1] as type, ts, coalesce(nullif(d[4], 'null'), '') as reason
from marks
where d[5] = $kind and d[1] in ('LISTING', 'SYNCED', 'LOST', 'RESUMED', 'HIDDEN', 'UNSERVED', 'STOPPED')
order by cluster, namespace, ts, evidence, line, part
