-- id: ephemeral-container
-- title: Containers added to running pods
-- attack: T1609 T1611
-- severity: high
-- needs: api
select ts, evidence, path, line, part, actor, namespace, pod, message
from api_writes
where object_kind = 'pods' and subresource = 'ephemeralcontainers'
