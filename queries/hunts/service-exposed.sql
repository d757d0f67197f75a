-- id: service-exposed
-- title: Services that were opened to the outside
-- attack: T1133
-- severity: medium
-- needs: bodies
select ts, evidence, path, line, part, actor, namespace, pod, message
from api_writes
where object_kind = 'services' and activity in ('create', 'update', 'patch') and subresource is null
    and not is_system(actor)
    and regexp_matches(fields, '"type"\s*:\s*"(NodePort|LoadBalancer)"|"externalIPs"\s*:\s*\[\s*"')
