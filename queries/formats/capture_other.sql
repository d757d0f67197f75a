-- id: capture_other
-- title: The manifest of a capture, its mounts, figures, routes and break-out checks
-- kind: record
-- rank: 5
-- recognise: ^\{"capture":"c-[0-9A-Za-z-]+","kind":"(manifest|mount|stat|check|route|neighbour|interface)",
-- example: {"capture":"c-20261124T192713-9f3a","kind":"check","id":"core-pattern","question":"Is a program called when something crashes?","answer":"yes","evidence":["core_pattern: |/tmp/x"],"severity":5}
-- example: {"capture":"c-20261124T192713-9f3a","kind":"manifest","version":1,"way":"probe","target":"pod/shop/web-1/web","node":"lab-node","namespace":"shop","pod":"web-1","container":"web","ended":"2026-11-24T19:27:30.000000","who":"ana","counts":{"file":12},"not_seen":[],"faults":[]}
-- example: {"capture":"c-20261124T192713-9f3a","kind":"mount","path":"/data","type":"ext4","volume":"emptydir cache","options":"rw"}
-- yields: system
-- source: console/visibility/capture.py, capture/v1
with records as (
    select evidence, line, offset_bytes, message,
        from_json(message, '{"capture": "VARCHAR", "kind": "VARCHAR", "target": "VARCHAR",
            "way": "VARCHAR", "who": "VARCHAR", "path": "VARCHAR", "type": "VARCHAR",
            "volume": "VARCHAR", "options": "VARCHAR", "name": "VARCHAR", "value": "DOUBLE",
            "unit": "VARCHAR", "at": "VARCHAR", "id": "VARCHAR", "question": "VARCHAR",
            "answer": "VARCHAR", "evidence": ["VARCHAR"], "severity": "INTEGER",
            "interface": "VARCHAR", "destination": "VARCHAR", "gateway": "VARCHAR",
            "ip": "VARCHAR", "peer": "VARCHAR", "hardware": "VARCHAR", "sent_bytes": "BIGINT",
            "received_bytes": "BIGINT", "not_seen": ["VARCHAR"], "faults": ["VARCHAR"]}') as r,
        from_json(header, '{"node": "VARCHAR", "namespace": "VARCHAR", "pod": "VARCHAR",
            "container": "VARCHAR", "container_id": "VARCHAR", "image": "VARCHAR",
            "workload": "VARCHAR", "ended": "VARCHAR"}') as m
    from lines
    where message[1] = '{' and json_valid(message)
)
select
    evidence, line, offset_bytes,
    coalesce(iso_ts(r.at), try_cast(m.ended as timestamp)) as ts,
    if(r.at is null and m.ended is null, 'none', 'exact') as ts_quality,
    if(r.kind = 'manifest', 'taken', 'seen') as ts_label,
    case r.kind when 'mount' then 'container' when 'route' then 'network'
        when 'neighbour' then 'network' when 'interface' then 'network' else 'system' end as category,
    r.kind as activity,
    case r.answer when 'could not look' then 'unknown' else 'ok' end as outcome,
    coalesce(r.answer, r.way) as status,
    if(r.answer = 'yes', r.severity, 1) as severity,
    r.who as actor, r.capture as session, r.path as file_path, r.ip as dst_ip, r.peer as dst_name,
    coalesce(r.id, r.name, r.interface) as object_name,
    m.node as node, nullif(m.namespace, '') as namespace, nullif(m.workload, '') as workload,
    nullif(m.pod, '') as pod, nullif(m.container, '') as container,
    nullif(m.container_id, '') as container_id, nullif(m.image, '') as image,
    case r.kind
        when 'manifest' then concat_ws(' ', 'capture', r.capture, 'of', r.target, 'by', r.way,
            if(len(r.not_seen) > 0, '(not seen: ' || array_to_string(r.not_seen, '; ') || ')', null),
            if(len(r.faults) > 0, '(faults: ' || array_to_string(r.faults, '; ') || ')', null))
        when 'check' then concat_ws(' ', r.question, upper(r.answer),
            array_to_string(r.evidence, '; '))
        when 'mount' then concat_ws(' ', 'mount', r.path, r.volume, r.options)
        when 'stat' then concat_ws(' ', r.name, r.value, r.unit)
        when 'route' then concat_ws(' ', 'route', r.destination, 'by', r.gateway, r.interface)
        when 'neighbour' then concat_ws(' ', 'neighbour', r.ip, r.hardware, r.peer)
        else concat_ws(' ', 'interface', r.interface, 'sent', r.sent_bytes, 'received',
            r.received_bytes, 'bytes')
    end as message,
    message as fields
from records
where r.kind in ('manifest', 'mount', 'stat', 'check', 'route', 'neighbour', 'interface')
