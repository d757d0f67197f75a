-- id: spans
-- title: From when to when each source tells of the clusters' objects
select
    coalesce(nullif(cluster, ''), $cluster) as cluster,
    case
        when ends_with(format, 'kube_watch') then 'watch'
        when ends_with(format, 'kube_objects') then 'dump'
        else 'audit'
    end as source,
    min(ts) as first_ts, max(coalesce(ts_end, ts)) as last_ts
from events
where ((category = 'api' and (ends_with(format, 'k8s_audit') or ends_with(format, 'gcp_audit')))
        or (category = 'workload'
            and (ends_with(format, 'kube_watch') or ends_with(format, 'kube_objects'))))
    and ts is not null
    and ($as_of::timestamp is null or ts <= $as_of::timestamp)
group by all
order by all
