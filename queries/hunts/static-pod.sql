-- id: static-pod
-- title: Static pods that are not the control plane's, and writes where they are read from
-- attack: T1543.005
-- severity: high
-- needs: api workload file system
-- A node may make none but mirror pods of its own static ones.
with mirrors as (
    select *
    from events
    where object_kind = 'pods' and case category
            when 'api' then actor like 'system:node:%' and activity = 'create' and outcome = 'ok'
                and subresource is null
            when 'workload' then activity in ('observed', 'created')
                and contains(fields, '"kubernetes.io/config.mirror"')
            else false
        end
        and not (namespace = 'kube-system' and regexp_matches(coalesce(object_name, pod, ''),
            '^(kube-(apiserver|controller-manager|scheduler|proxy|vip)|etcd|haproxy|keepalived|konnectivity-server|cloud-controller-manager)-'))
    qualify row_number() over (partition by namespace, object_name order by ts, path, line) = 1
)
select ts, evidence, path, line, part, actor, namespace, pod, message
from mirrors
union all
select ts, evidence, path, line, part, actor, namespace, pod, message
from events
where category = 'file' and activity not in ('read', 'open', 'openat', 'present', 'security_file_open')
    and regexp_matches(file_path, '(^|/)etc/kubernetes/manifests/')
    or activity = 'check' and object_name = 'static-pod' and status = 'yes'
