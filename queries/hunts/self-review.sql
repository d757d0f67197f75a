-- id: self-review
-- title: Service accounts that asked what they may do
-- attack: T1613 T1069
-- severity: low
-- needs: api
select ts, evidence, path, line, part, actor, namespace, pod, message
from events
where category = 'api' and activity = 'create' and outcome = 'ok'
    and object_kind in ('selfsubjectaccessreviews', 'selfsubjectrulesreviews', 'selfsubjectreviews')
    and starts_with(actor, 'system:serviceaccount:') and not is_system(actor)
