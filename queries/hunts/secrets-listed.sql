-- id: secrets-listed
-- title: Secrets listed in all namespaces or in kube-system, or by a service account
-- attack: T1552.007
-- severity: high
-- needs: api
-- A list holds the values.
select ts, evidence, path, line, part, actor, namespace, pod, message
from events
where category = 'api' and object_kind = 'secrets' and activity in ('list', 'watch')
    and outcome = 'ok' and not is_system(actor)
    and (namespace is null or namespace in ('', 'kube-system')
        or starts_with(actor, 'system:serviceaccount:'))
