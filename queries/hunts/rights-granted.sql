-- id: rights-granted
-- title: Roles and bindings that were made or changed
-- attack: T1098.006
-- severity: high
-- needs: api
select ts, evidence, path, line, part, actor, namespace, pod, message
from events
where category = 'api' and activity in ('create', 'update', 'patch') and outcome = 'ok'
    and object_kind in ('rolebindings', 'clusterrolebindings', 'roles', 'clusterroles')
    and coalesce(actor, '') not in ('system:apiserver')
    and coalesce(actor, '') not like 'system:serviceaccount:kube-system:%'
