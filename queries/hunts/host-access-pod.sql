-- id: host-access-pod
-- title: Pods with host namespaces
-- attack: T1610 T1611
-- severity: high
-- needs: bodies workload
select ts, evidence, path, line, part, actor, namespace, pod, message
from pod_specs
where regexp_matches(fields, '"(hostPID|hostNetwork|hostIPC)"\s*:\s*true')
qualify category = 'api'
    or row_number() over (partition by category, object_kind, namespace, object_name order by ts) = 1
