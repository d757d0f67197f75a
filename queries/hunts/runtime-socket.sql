-- id: runtime-socket
-- title: The container runtime's socket mounted or used by a workload
-- attack: T1611 T1610
-- severity: high
-- needs: bodies workload process file container
with mounted as (
    select *
    from pod_specs
    where regexp_matches(fields,
        '"path"\s*:\s*"[^"]*/(docker|containerd|crio|cri-dockerd|podman|dockershim)\.sock"')
    qualify category = 'api'
    or row_number() over (partition by category, object_kind, namespace, object_name order by ts) = 1
)
select ts, evidence, path, line, part, actor, namespace, pod, message
from mounted
union all
select ts, evidence, path, line, part, actor, namespace, pod, message
from events
where category = 'container' and regexp_matches(fields,
        '"(Binds|Source|source)"\s*:\s*(\[[^\]]*)?"[^"]*/(docker|containerd|crio|podman)\.sock')
    or category in ('process', 'api', 'alert', 'http') and regexp_matches(coalesce(cmdline, ''),
        '(^|[\s;|&(/])(curl|wget|nc|ncat|socat|docker|ctr|crictl|nerdctl|podman)\s.*/(docker|containerd|crio|podman)\.sock')
    or category = 'file' and regexp_matches(file_path, '/(docker|containerd|crio|podman)\.sock$')
        and (pod is not null or container_id is not null)
