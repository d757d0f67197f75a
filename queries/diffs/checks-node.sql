-- id: checks-node
-- title: Did the attacker break out to root on the node?
-- what: checks
-- against: node
select
    severity, status as answer, json_extract_string(fields, '$.question') as question,
    array_to_string(json_extract_string(fields, '$.evidence[*]'), '; ') as evidence_seen,
    object_name as check_id, evidence || ':' || line as citation
from events
where evidence = $evidence and format = 'capture_other' and activity = 'check'
order by severity desc, status desc, object_name, line
limit $limit
