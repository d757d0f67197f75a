-- id: system-workload
-- title: Pods on every node or in kube-system, made by others than the system
-- attack: T1610 T1543.005
-- severity: medium
-- needs: api
select ts, evidence, path, line, part, actor, namespace, pod, message
from api_writes
where activity = 'create' and subresource is null and not is_system(actor)
    and (object_kind = 'daemonsets'
        or namespace = 'kube-system' and object_kind in ('pods', 'deployments', 'statefulsets',
            'replicasets', 'replicationcontrollers', 'jobs', 'cronjobs'))
