-- id: admin-granted
-- title: Bindings to cluster-admin, or of rights to everybody
-- attack: T1098.006
-- severity: critical
-- needs: bodies
select ts, evidence, path, line, part, actor, namespace, pod, message
from api_writes
where object_kind in ('clusterrolebindings', 'rolebindings') and activity not like 'delete%'
    and not is_component(actor)
    and regexp_matches(fields,
        '"roleRef"\s*:\s*\{[^}]*"name"\s*:\s*"(cluster-admin|system:(masters|kube-controller-manager|controller:[a-z-]+))"|"name"\s*:\s*"system:(anonymous|unauthenticated|masters)"')
