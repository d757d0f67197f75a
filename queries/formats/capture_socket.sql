-- id: capture_socket
-- title: Sockets of a capture: who listens, and who talks to whom
-- kind: record
-- fields: message
-- rank: 5
-- recognise: ^\{"capture":"c-[0-9A-Za-z-]+","kind":"socket",
-- example: {"capture":"c-20261124T192713-9f3a","kind":"socket","proto":"tcp","state":"established","local_ip":"10.211.0.2","local_port":43122,"remote_ip":"10.211.0.9","remote_port":4444,"peer":"pod shop/client","peer_kind":"pod","pids":[4211],"name":"sh","exe":"/bin/busybox"}
-- yields: network
-- source: console/visibility/capture.py, capture/v1
with records as (
    select evidence, line, offset_bytes, message,
        from_json(message, '{"capture": "VARCHAR", "kind": "VARCHAR", "proto": "VARCHAR",
            "state": "VARCHAR", "local_ip": "VARCHAR", "local_port": "INTEGER",
            "remote_ip": "VARCHAR", "remote_port": "INTEGER", "peer": "VARCHAR",
            "pids": ["BIGINT"], "name": "VARCHAR", "exe": "VARCHAR", "path": "VARCHAR",
            "uid": "BIGINT"}') as r,
        from_json(header, '{"node": "VARCHAR", "namespace": "VARCHAR", "pod": "VARCHAR",
            "container": "VARCHAR", "container_id": "VARCHAR", "image": "VARCHAR",
            "workload": "VARCHAR", "ended": "VARCHAR"}') as m
    from lines
    where message[1] = '{' and json_valid(message)
)
select
    evidence, line, offset_bytes,
    try_cast(m.ended as timestamp) as ts,
    if(m.ended is null, 'none', 'exact') as ts_quality, 'seen' as ts_label,
    'network' as category,
    case when r.state = 'listen' then 'listen' when r.proto = 'unix' then 'open' else 'connect' end
        as activity,
    'ok' as outcome, r.state as status, 1 as severity, r.capture as session,
    'uid ' || r.uid as actor, 'uid' as actor_type,
    r.local_ip as src_ip, r.local_port as src_port,
    if(r.state = 'listen', null, r.remote_ip) as dst_ip,
    if(r.state = 'listen', null, r.remote_port) as dst_port,
    r.peer as dst_name, r.path as file_path,
    m.node as node, nullif(m.namespace, '') as namespace, nullif(m.workload, '') as workload,
    nullif(m.pod, '') as pod, nullif(m.container, '') as container,
    nullif(m.container_id, '') as container_id, nullif(m.image, '') as image,
    r.pids[1] as pid, r.exe as exe,
    case
        when r.proto = 'unix' then concat_ws(' ', r.name, 'unix', r.state, r.path)
        when r.state = 'listen' then concat_ws(' ', r.name, 'listens on', r.proto,
            r.local_ip || ':' || r.local_port)
        else concat_ws(' ', r.name, r.proto, r.local_ip || ':' || r.local_port, '→',
            r.remote_ip || ':' || r.remote_port, r.peer, r.state)
    end as message
from records
where r.kind = 'socket' and r.proto is not null
