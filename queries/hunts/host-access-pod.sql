-- id: host-access-pod
-- title: Pods made with host namespaces, host paths or privileges
-- attack: T1610 T1611
-- severity: high
-- needs: api
select ts, evidence, path, line, part, actor, namespace, pod, message
from events
where category = 'api' and activity in ('create', 'update', 'patch') and object_kind = 'pods'
    and outcome = 'ok'
    and regexp_matches(fields,
        '"(hostPID|hostNetwork|hostIPC|privileged)"\s*:\s*true|"hostPath"\s*:\s*\{|"(SYS_ADMIN|SYS_PTRACE|SYS_MODULE|ALL)"')
    and coalesce(actor, '') not like 'system:serviceaccount:kube-system:%'
    and coalesce(actor, '') not like 'system:node:%'
