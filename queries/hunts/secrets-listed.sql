-- id: secrets-listed
-- title: Secrets read or listed by others than the system
-- attack: T1552.007
-- severity: high
-- needs: api
select ts, evidence, path, line, part, actor, namespace, pod, message
from events
where category = 'api' and object_kind = 'secrets' and activity in ('get', 'list', 'watch')
    and outcome = 'ok'
    and coalesce(actor, '') not like 'system:apiserver'
    and coalesce(actor, '') not like 'system:kube-%'
    and coalesce(actor, '') not like 'system:node:%'
    and coalesce(actor, '') not like 'system:serviceaccount:kube-system:%'
