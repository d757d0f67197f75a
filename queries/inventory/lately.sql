-- id: lately
-- title: The kinds that were written or recorded in a stretch of time, by columns alone
select distinct object_kind
from events
where ((category = 'api' and outcome = 'ok'
        and activity in ('create', 'update', 'patch', 'delete', 'deletecollection')
        and (ends_with(format, 'k8s_audit') or ends_with(format, 'gcp_audit'))
        and (subresource is null or subresource not in ('token', 'exec', 'attach', 'portforward')))
    or (category = 'workload'
        and (ends_with(format, 'kube_watch') or ends_with(format, 'kube_objects'))))
    and ($namespace = '' or namespace = $namespace)
    and ($as_of::timestamp is null or ts <= $as_of::timestamp)
    and object_kind is not null
order by object_kind
