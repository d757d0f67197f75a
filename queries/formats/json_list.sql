-- id: json_list
-- title: One line that holds a list of records (EventList, CloudTrail, Azure, CloudWatch)
-- kind: envelope
-- rank: 12
-- expands: yes
-- recognise: ^\s*\{.{0,400}"(items|Records|records|logEvents|events|Events)"\s*:\s*\[\s*\{
-- example: {"kind":"EventList","apiVersion":"audit.k8s.io/v1","items":[{"kind":"Event","apiVersion":"audit.k8s.io/v1","auditID":"a","stage":"ResponseComplete","verb":"get","user":{"username":"ana"},"requestURI":"/version"}]}
-- yields: system
-- source: audit.k8s.io/v1 EventList; CloudTrail log files; Azure Event Hubs
with lists as (
    select
        evidence, line, offset_bytes, message,
        coalesce(
            json_extract(message, '$.items'), json_extract(message, '$.Records'),
            json_extract(message, '$.records'), json_extract(message, '$.logEvents'),
            json_extract(message, '$.events'), json_extract(message, '$.Events')) as list
    from lines
    where ltrim(message)[1] = '{' and json_valid(message)
)
select
    evidence, line, offset_bytes,
    json_members(['logGroup', 'logStream', 'owner'],
        json_extract(message, ['$.logGroup', '$.logStream', '$.owner'])) as envelope,
    json_extract_string(message, '$.owner') as cloud_account,
    unnest(json_extract(list, '$[*]'))::varchar as message
from lists
where json_type(list) = 'ARRAY' and json_array_length(list) > 0
