-- id: bodies
-- title: The bodies of some steps, as the evidence has them
with wanted as (
    select step, body, body_at
    from steps
    where kind = $kind and step in (select unnest($steps::bigint[])) and body is not null
),
found as (
    select wanted.step, wanted.body, events.fields
    from events
    join wanted on events.evidence = body_at.evidence and events.line = body_at.line
        and events.part = body_at.part and events.path = body_at.path
    where events.category in ('api', 'workload')
)
select
    step,
    case body
        when 'response' then json_extract(fields, '$.responseObject')::varchar
        when 'request' then json_extract(fields, '$.requestObject')::varchar
        when 'object' then json_extract(fields, '$.object')::varchar
        when 'gcp_response' then json_extract(fields, '$.protoPayload.response')::varchar
        when 'gcp_request' then json_extract(fields, '$.protoPayload.request')::varchar
        else fields
    end as document
from found
