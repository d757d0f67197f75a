-- id: role-escalates
-- title: Roles that allow everything, or to take more rights (bind, escalate, impersonate)
-- attack: T1098.006
-- severity: high
-- needs: bodies
select ts, evidence, path, line, part, actor, namespace, pod, message
from api_writes
where object_kind in ('clusterroles', 'roles') and activity not like 'delete%'
    and not is_system(actor)
    and regexp_matches(fields, '"verbs"\s*:\s*\[[^\]]*"(\*|bind|escalate|impersonate)"')
