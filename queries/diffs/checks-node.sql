-- id: checks-node
-- title: Did the attacker break out to root on the node?
-- what: checks
-- against: node
with asked as (
    select
        severity, status as answer, json_extract_string(fields, '$.question') as question,
        json_extract_string(fields, '$.evidence[*]') as seen, object_name as check_id,
        evidence, line
    from events
    where evidence = $evidence and format = 'capture_other' and activity = 'check'
),
judged as (
    select
        *,
        -- a probe of a colleague: when this was captured, its journal was not in this case yet
        check_id = 'unknown-container' and answer = 'yes' and len(list_filter(seen,
            lambda x: starts_with(x, 'container ') and not list_contains(
                list_transform($probes::varchar[], lambda id: left(id, 12)), substr(x, 11, 12))
        )) = 0 as is_ours
    from asked
)
select
    if(is_ours, 1, severity) as severity, if(is_ours, 'no', answer) as answer, question,
    concat_ws('; ', if(is_ours, 'the investigator''s own probes by the journal', null),
        nullif(array_to_string(seen, '; '), '')) as evidence_seen,
    check_id, evidence || ':' || line as citation
from judged
order by severity desc, answer desc, check_id, line
limit $limit
