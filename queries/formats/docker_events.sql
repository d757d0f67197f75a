-- id: docker_events
-- title: docker events (JSON and text)
-- kind: record
-- rank: 19
-- recognise: "Type"\s*:\s*"\w+"\s*,\s*"Action"\s*:
-- recognise: ^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+(Z|[+-]\d\d:\d\d) (container|image|network|volume|daemon|plugin|node|service) \S+.* \(
-- example: {"Type":"container","Action":"create","Actor":{"ID":"abc123","Attributes":{"image":"ubuntu:latest"}},"scope":"local","time":1000000000,"timeNano":1000000000000000000}
-- example: 2017-01-05T00:35:58.859401177+08:00 container create 0fdb48addc82871eb34eb23a847cfd033dedd1a0a37bef2e6d9eb3870fc7ff37 (image=alpine:latest, name=test)
-- yields: container
-- source: https://docs.docker.com/reference/cli/docker/system/events/
with documents as (
    select evidence, line, offset_bytes, message,
        from_json(message, '{"Type": "VARCHAR", "Action": "VARCHAR", "time": "BIGINT",
            "timeNano": "BIGINT", "Actor": {"ID": "VARCHAR", "Attributes": "JSON"}}') as r
    from lines
    where message[1] = '{' and json_valid(message)
),
texts as (
    select evidence, line, offset_bytes, message,
        regexp_extract(message, '^(\S+) (\w+) (\S+?:?(?: [^(]*?)?) (\S+) \(((?s:.*))\)$',
            ['stamp', 'type', 'action', 'id', 'attributes']) as p
    from lines
    where message[1] != '{'
),
shapes as (
    select
        evidence, line, offset_bytes, r.Type as type, r.Action as action, r.Actor.ID as id,
        -- the documentation's samples have seconds in timeNano too
        if(r.timeNano >= 1000000000000000000 or coalesce(r.time, 0) = 0,
            make_timestamp(r.timeNano // 1000), make_timestamp(r.time * 1000000)) as ts,
        json_extract_string(r.Actor.Attributes, ['$.image', '$.name',
            '$."io.kubernetes.pod.name"', '$."io.kubernetes.pod.namespace"',
            '$."io.kubernetes.container.name"', '$.exitCode', '$.container', '$.execID']) as a,
        message as fields
    from documents
    where r.Type is not null and r.Action is not null
    union all by name
    select
        evidence, line, offset_bytes, p.type as type, p.action as action, p.id as id,
        iso_ts(p.stamp) as ts,
        [nullif(regexp_extract(p.attributes, '(?:^|, )image=([^,]*)', 1), ''),
            nullif(regexp_extract(p.attributes, '(?:^|, )name=([^,]*)', 1), ''), null, null, null,
            nullif(regexp_extract(p.attributes, '(?:^|, )exitCode=([^,]*)', 1), ''),
            nullif(regexp_extract(p.attributes, '(?:^|, )container=([^,]*)', 1), ''), null] as a,
        json_object('attributes', p.attributes) as fields
    from texts
    where p.stamp != '' and iso_ts(p.stamp) is not null
)
select
    evidence, line, offset_bytes, ts, 'exact' as ts_quality,
    if(type = 'network', 'network', 'container') as category,
    rtrim(split_part(action, ':', 1)) as activity,
    case when action = 'die' and coalesce(a[6], '0') != '0' then 'failed'
        when action in ('oom', 'health_status: unhealthy') then 'failed' else 'ok' end as outcome,
    a[6] as status,
    case when action like 'exec_%' then 2 when action = 'die' and coalesce(a[6], '0') != '0' then 3
        when action = 'oom' then 4 else 1 end as severity,
    type as object_kind, coalesce(a[2], id) as object_name,
    a[4] as namespace, a[3] as pod, coalesce(a[5], if(type = 'container', a[2], null)) as container,
    if(type = 'container', id, a[7]) as container_id,
    if(type = 'image', id, a[1]) as image,
    -- exec_create: /bin/sh -c …  holds the command
    if(action like 'exec_%:%', ltrim(substring(action, position(':' in action) + 1)), null) as cmdline,
    if(action like 'exec_%:%', split_part(ltrim(substring(action, position(':' in action) + 1)), ' ', 1),
        null) as exe,
    concat_ws(' ', type, action, coalesce(a[4] || '/' || a[3] || '/' || a[5], a[2], id), a[1],
        'exit ' || a[6]) as message,
    fields
from shapes
