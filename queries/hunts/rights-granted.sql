-- id: rights-granted
-- title: Roles and bindings that were made or changed
-- attack: T1098.006
-- severity: high
-- needs: api
select ts, evidence, path, line, part, actor, namespace, pod, message
from api_writes
where object_kind in ('rolebindings', 'clusterrolebindings', 'roles', 'clusterroles')
    and activity not like 'delete%'
    and not is_system(actor)
