-- id: capture_other
-- title: The manifest of a capture, its mounts, figures, network settings and break-out checks
-- kind: record
-- fields: message
-- rank: 5
-- recognise: ^\{"capture":"c-[0-9A-Za-z-]+","kind":"(manifest|mount|stat|check|route|neighbour|interface|resolver|host|address|rules|rule|flow)",
-- example: {"capture":"c-20261124T192713-9f3a","kind":"check","id":"core-pattern","question":"Is a program called when something crashes?","answer":"yes","evidence":["core_pattern: |/tmp/x"],"severity":5}
-- example: {"capture":"c-20261124T192713-9f3a","kind":"manifest","version":1,"way":"probe","target":"pod/shop/web-1/web","node":"lab-node","namespace":"shop","pod":"web-1","container":"web","ended":"2026-11-24T19:27:30.000000","who":"ana","counts":{"file":12},"not_seen":[],"faults":[]}
-- example: {"capture":"c-20261124T192713-9f3a","kind":"mount","path":"/data","type":"ext4","volume":"emptydir cache","options":"rw"}
-- example: {"capture":"c-20261124T192713-9f3a","kind":"host","ip":"203.0.113.9","name":"registry.shop","peer":"outside 203.0.113.9","peer_kind":"outside"}
-- example: {"capture":"c-20261124T192713-9f3a","kind":"flow","proto":"tcp","state":"time_wait","local_ip":"10.1.2.14","local_port":43122,"remote_ip":"203.0.113.9","remote_port":443,"answered_by":""}
-- example: {"capture":"c-20261124T192713-9f3a","kind":"rule","netns":"4026532181","family":"ip","table":"nat","chain":"OUTPUT","value":"-p tcp -m tcp --dport 53 -j REDIRECT --to-ports 5353"}
-- yields: system
-- source: console/visibility/capture.py, capture/v1
with records as (
    select evidence, line, offset_bytes, message,
        from_json(message, '{"capture": "VARCHAR", "kind": "VARCHAR", "target": "VARCHAR",
            "way": "VARCHAR", "who": "VARCHAR", "path": "VARCHAR", "type": "VARCHAR",
            "volume": "VARCHAR", "options": "VARCHAR", "name": "VARCHAR", "value": "VARCHAR",
            "unit": "VARCHAR", "at": "VARCHAR", "id": "VARCHAR", "question": "VARCHAR",
            "answer": "VARCHAR", "evidence": ["VARCHAR"], "severity": "INTEGER",
            "interface": "VARCHAR", "destination": "VARCHAR", "gateway": "VARCHAR",
            "ip": "VARCHAR", "peer": "VARCHAR", "proto": "VARCHAR", "state": "VARCHAR",
            "local_ip": "VARCHAR", "local_port": "INTEGER", "remote_ip": "VARCHAR",
            "remote_port": "INTEGER", "hardware": "VARCHAR", "sent_bytes": "BIGINT",
            "received_bytes": "BIGINT", "family": "VARCHAR", "table": "VARCHAR",
            "chain": "VARCHAR", "not_seen": ["VARCHAR"], "faults": ["VARCHAR"]}') as r,
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
    case when r.kind = 'mount' then 'container' when r.kind in ('resolver', 'host') then 'dns'
        when r.kind in ('manifest', 'stat', 'check') then 'system' else 'network' end as category,
    r.kind as activity,
    case r.answer when 'could not look' then 'unknown' else 'ok' end as outcome,
    coalesce(r.answer, r.way) as status,
    if(r.answer = 'yes', r.severity, 1) as severity,
    r.who as actor, r.capture as session, r.path as file_path, 
    if(r.kind = 'flow', r.local_ip, null) as src_ip,
    if(r.kind = 'flow', r.local_port, null) as src_port,
    if(r.kind = 'flow', r.remote_ip, r.ip) as dst_ip,
    if(r.kind = 'flow', r.remote_port, null) as dst_port, r.peer as dst_name,
    coalesce(r.id, r.name, r.interface, r.chain) as object_name,
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
        when 'resolver' then concat_ws(' ', r.name, r.value, r.peer)
        when 'host' then concat_ws(' ', 'hosts', r.ip, r.name)
        when 'address' then concat_ws(' ', 'own address', r.ip)
        when 'rule' then concat_ws(' ', 'firewall rule', r.family, r."table", r.chain, r.value)
        when 'rules' then concat_ws(' ', r.name, 'tables in use:', r.value)
        when 'flow' then concat_ws(' ', 'tracked', r.proto, r.local_ip || ':' || r.local_port, '→',
            r.remote_ip || ':' || r.remote_port, r.peer, r.state)
        else concat_ws(' ', 'interface', r.interface, 'sent', r.sent_bytes, 'received',
            r.received_bytes, 'bytes')
    end as message
from records
where r.kind in ('manifest', 'mount', 'stat', 'check', 'route', 'neighbour', 'interface',
    'resolver', 'host', 'address', 'rules', 'rule', 'flow')
