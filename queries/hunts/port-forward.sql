-- id: port-forward
-- title: Ports of pods forwarded through the API
-- attack: T1572 T1090
-- severity: medium
-- needs: api
select ts, evidence, path, line, part, actor, namespace, pod, message
from events
where category = 'api' and activity = 'portforward' and outcome = 'ok'
