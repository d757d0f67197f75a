-- id: runtime-replaced
-- title: The container runtime's own programs written to, or started by a trick (CVE-2019-5736)
-- attack: T1611 T1068
-- severity: critical
-- needs: file api workload container process
with specs as (
    select *
    from pod_specs
    where regexp_matches(fields, '"(command|args|Entrypoint|Cmd)"\s*:\s*\[\s*"/proc/self/exe"')
    qualify category = 'api'
    or row_number() over (partition by category, object_kind, namespace, object_name order by ts) = 1
)
select ts, evidence, path, line, part, actor, namespace, pod, message
from specs
union all
select ts, evidence, path, line, part, actor, namespace, pod, message
from events
where category = 'file'
        and activity not in ('read', 'open', 'openat', 'present', 'security_file_open', 'delete')
        and regexp_matches(file_path,
            '/(docker-)?(runc|crun|containerd-shim(-runc-v[12])?|docker-containerd-shim|conmon|dockerd|containerd|kubelet)$')
    or category in ('api', 'container') and regexp_matches(coalesce(cmdline, ''), '^/proc/self/exe(\s|$)')
