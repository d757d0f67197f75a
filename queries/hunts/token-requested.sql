-- id: token-requested
-- title: Tokens of service accounts made by others than nodes
-- attack: T1528
-- severity: medium
-- needs: api
select ts, evidence, path, line, part, actor, namespace, pod, message
from api_writes
where object_kind = 'serviceaccounts' and subresource = 'token' and activity = 'create'
    and not is_component(actor)
