-- id: exec-into-pod
-- title: Commands run in pods through the API
-- attack: T1609
-- severity: medium
-- needs: api
select ts, evidence, path, line, part, actor, namespace, pod, message
from events
where category = 'api' and activity in ('exec', 'attach') and outcome = 'ok'
