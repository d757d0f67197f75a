-- id: checks-node
-- title: Did the attacker break out to root on the node?
-- what: checks
-- against: node
with asked as (
    select
        severity, status as answer, json_extract_string(fields, '$.question') as question,
        json_extract_string(fields, '$.evidence[*]') as seen, object_name as check_id,
        ts, session, evidence, line,
        -- the place of its capture, oldest first; the one that is asked is the newest
        coalesce(list_position($earlier::varchar[], evidence), 1 + len($earlier)) as place
    from events
    where (evidence = $evidence or list_contains($earlier, evidence))
        and format = 'capture_other' and activity = 'check'
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
),
-- a capture that could not look hides no answer of an earlier one
answers as (
    select
        *,
        row_number() over (
            partition by check_id order by answer = 'could not look', place desc, line
        ) as choice,
        max({'place': place, 'ts': ts}) over (partition by check_id) as newest
    from judged
)
select
    if(is_ours, 1, severity) as severity, if(is_ours, 'no', answer) as answer, ts as answered,
    if(newest.place > place,
        'could not look ' || coalesce(strftime(newest.ts, '%m-%d %H:%M:%S'), ''), null) as newer,
    question,
    concat_ws('; ', if(is_ours, 'the investigator''s own probes by the journal', null),
        nullif(array_to_string(seen, '; '), '')) as evidence_seen,
    session as answered_by, check_id, evidence || ':' || line as citation
from answers
where choice = 1
order by severity desc, answer desc, check_id, line
limit $limit
