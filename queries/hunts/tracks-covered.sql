-- id: tracks-covered
-- title: Attempts to delete events, logs or trails
-- attack: T1070
-- severity: high
-- needs: api
select ts, evidence, path, line, part, actor, namespace, pod, message
from events
where (category = 'api' and object_kind = 'events' and activity in ('delete', 'deletecollection'))
    or activity in ('StopLogging', 'DeleteTrail', 'DeleteFlowLogs')
