-- id: client-certificate
-- title: Client certificates asked for or approved, other than by nodes
-- attack: T1098
-- severity: high
-- needs: api
select ts, evidence, path, line, part, actor, namespace, pod, message
from api_writes
where object_kind = 'certificatesigningrequests' and activity in ('create', 'update', 'patch')
    and not is_component(actor)
    -- nodes that join ask so, once
    and not (starts_with(actor, 'system:bootstrap:') and activity = 'create')
