-- id: privileged-pod
-- title: Privileged pods, or with capabilities that lead out of the container
-- attack: T1610 T1611
-- severity: high
-- needs: bodies workload
-- `add`, not `drop`: dropping ALL is what one should do.
select ts, evidence, path, line, part, actor, namespace, pod, message
from pod_specs
where regexp_matches(fields,
    '"privileged"\s*:\s*true|"add"\s*:\s*\[[^\]{]*"(CAP_)?(ALL|SYS_ADMIN|SYS_PTRACE|SYS_MODULE|SYS_RAWIO|DAC_READ_SEARCH|BPF|PERFMON)"')
qualify category = 'api'
    or row_number() over (partition by category, object_kind, namespace, object_name order by ts) = 1
