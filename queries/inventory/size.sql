-- id: size
-- title: How many lines tell of objects, by columns alone
select count(*)::bigint
from events
where (category = 'api' and outcome = 'ok'
        and activity in ('create', 'update', 'patch', 'delete', 'deletecollection'))
    or (category = 'workload'
        and (ends_with(format, 'kube_watch') or ends_with(format, 'kube_objects')))
