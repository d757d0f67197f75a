-- id: anonymous-allowed
-- title: Anonymous requests that were allowed
-- attack: T1190 T1078.001
-- severity: high
-- needs: api
select ts, evidence, path, line, part, actor, namespace, pod, message
from events
where category = 'api' and outcome = 'ok'
    and (actor = 'system:anonymous' or list_contains(groups, 'system:unauthenticated'))
    and not regexp_matches(coalesce(object_name, ''), '^/(healthz|livez|readyz|version)(/|$)')
    -- kubeadm publishes it so that nodes can join
    and not (coalesce(namespace, '') = 'kube-public' and coalesce(object_name, '') = 'cluster-info'
        and activity = 'get')
