-- id: anonymous-allowed
-- title: Anonymous requests that were allowed
-- attack: T1190
-- severity: high
-- needs: api
select ts, evidence, path, line, part, actor, namespace, pod, message
from events
where category = 'api' and actor = 'system:anonymous' and outcome = 'ok'
    and not regexp_matches(coalesce(object_name, ''), '^/(healthz|livez|readyz|version)')
