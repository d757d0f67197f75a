-- id: usage
-- title: What containers used, as it was recorded in the stretch of time before a moment
with told as (
    select ts, cluster, node, fields
    from events
    where format = 'kube_usage' and ($as_of::timestamp is null or ts <= $as_of::timestamp)
),
lately as (
    select * from told
    where ts > (select max(ts) from told) - to_seconds($seconds::double)
        -- long after the last line nothing is known of the moment
        and ($as_of::timestamp is null
            or ts > $as_of::timestamp - to_seconds($seconds::double))
),
readings as (
    select cluster, node, unnest(from_json(json_extract(fields, '$.readings'), '[{
        "namespace": "VARCHAR", "pod": "VARCHAR", "container": "VARCHAR", "at": "VARCHAR",
        "cpu_ns": "BIGINT", "cpu_cores": "DOUBLE", "memory_bytes": "BIGINT",
        "rx_bytes": "BIGINT", "tx_bytes": "BIGINT", "fs_bytes": "BIGINT"}]')) as r
    from lately
)
select
    coalesce(cluster, '') as cluster, coalesce(node, '') as node,
    coalesce(r.namespace, '') as namespace, coalesce(r.pod, '') as pod,
    coalesce(r.container, '') as container, iso_ts(r.at) as ts,
    r.cpu_ns, r.cpu_cores, r.memory_bytes, r.rx_bytes, r.tx_bytes, r.fs_bytes
from readings
where iso_ts(r.at) is not null
order by r.at, cluster, node, namespace, pod, container
