-- id: capture_process
-- title: Processes of a capture, with what is odd about them
-- kind: record
-- fields: message
-- rank: 5
-- recognise: ^\{"capture":"c-[0-9A-Za-z-]+","kind":"process",
-- example: {"capture":"c-20261124T192713-9f3a","kind":"process","pid":4211,"ppid":4100,"name":"sh","exe":"/tmp/.x","exe_deleted":true,"exe_memory":false,"exe_in_image":false,"cmdline":"sh -i","uid":0,"started":"2026-11-24T19:27:16.000000","stdio_sockets":["10.211.0.9:4444 (pod shop/client)"],"shared_with_host":[],"odd_maps":[]}
-- yields: process
-- source: console/visibility/capture.py, capture/v1
with records as (
    select evidence, line, offset_bytes, message,
        from_json(message, '{"capture": "VARCHAR", "kind": "VARCHAR", "pid": "BIGINT",
            "ppid": "BIGINT", "name": "VARCHAR", "exe": "VARCHAR", "exe_deleted": "BOOLEAN",
            "exe_memory": "BOOLEAN", "exe_in_image": "BOOLEAN", "exe_volume": "VARCHAR",
            "exe_sha256": "VARCHAR", "cmdline": "VARCHAR", "cwd": "VARCHAR", "root": "VARCHAR",
            "uid": "BIGINT", "euid": "BIGINT", "started": "VARCHAR", "tracer": "BIGINT",
            "stdio_sockets": ["VARCHAR"], "shared_with_host": ["VARCHAR"],
            "odd_maps": ["VARCHAR"], "open_deleted": ["VARCHAR"], "is_of_node": "BOOLEAN",
            "container_of": "VARCHAR", "profile": "VARCHAR", "investigator": "VARCHAR"}') as r,
        from_json(header, '{"node": "VARCHAR", "namespace": "VARCHAR", "pod": "VARCHAR",
            "container": "VARCHAR", "container_id": "VARCHAR", "image": "VARCHAR",
            "workload": "VARCHAR", "ended": "VARCHAR",
            "declared": {"host_network": "BOOLEAN", "host_pid": "BOOLEAN"}}') as m,
        -- what most processes of the container run under
        mode(json_extract_string(message, '$.profile')) over (partition by evidence) as usual
    from lines
    where message[1] = '{' and json_valid(message)
),
reasons as (
    select
        *,
        coalesce(r.exe_memory, false) as is_memory,
        list_filter(coalesce(r.shared_with_host, []), lambda x: x in ('mnt', 'pid', 'net', 'ipc')
            and not (x = 'net' and coalesce(m.declared.host_network, false))
            and not (x = 'pid' and coalesce(m.declared.host_pid, false))) as shared
    from records
    where r.kind = 'process' and r.pid is not null
),
judged as (
    select
        *,
        list_filter([
            if(len(r.stdio_sockets) > 0, {'w': 'input or output is a socket: '
                || r.stdio_sockets[1], 's': 5}, null),
            if(is_memory, {'w': 'runs from memory only', 's': 5}, null),
            if(r.exe_deleted and not is_memory, {'w': 'its file was deleted', 's': 5}, null),
            if(r.exe_in_image = false and not r.exe_deleted and not is_memory,
                {'w': if(r.exe_volume is null, 'not in the image', 'runs from ' || r.exe_volume),
                    's': 4}, null),
            if(len(shared) > 0 and not coalesce(r.is_of_node, false),
                {'w': 'in the node''s ' || array_to_string(shared, ', ') || ' namespace', 's': 5}, null),
            if(r.root is not null and r.root != '/', {'w': 'root folder is ' || r.root, 's': 4}, null),
            if(r.euid = 0 and r.uid != 0, {'w': 'became root by setuid', 's': 4}, null),
            if(r.tracer > 0, {'w': 'traced by ' || r.tracer, 's': 4}, null),
            if(len(list_filter(r.odd_maps, lambda x: contains(x, 'memfd:'))) > 0,
                {'w': 'code from memory', 's': 5}, null),
            if(len(list_filter(r.odd_maps, lambda x: contains(x, '(deleted)')
                    and not contains(x, 'memfd:') and not contains(x, r.exe))) > 0,
                {'w': 'code from a deleted file', 's': 4}, null),
            if(len(list_filter(r.odd_maps, lambda x: contains(x, ' rwxp '))) > 0,
                {'w': 'memory both writable and executable', 's': 2}, null),
            if(len(r.open_deleted) > 0, {'w': 'keeps a deleted file open: ' || r.open_deleted[1],
                's': 3}, null),
            if(r.profile like 'unconfined%' and usual not like 'unconfined%',
                {'w': 'unconfined, while its container runs under ' || usual, 's': 4}, null),
            if(r.container_of is not null and r.investigator is null,
                {'w': 'of a container that the API does not know', 's': 4}, null),
            if(r.investigator is not null, {'w': 'the investigator''s own: ' || r.investigator, 's': 0},
                null)
        ], lambda x: x is not null) as why
    from reasons
)
select
    evidence, line, offset_bytes,
    coalesce(try_cast(r.started as timestamp), try_cast(m.ended as timestamp)) as ts,
    if(r.started is null and m.ended is null, 'none', 'exact') as ts_quality,
    if(r.started is null, 'seen', 'started') as ts_label,
    'process' as category, 'running' as activity, 'ok' as outcome,
    array_to_string(list_transform(why, lambda x: x.w), ' · ') as status,
    coalesce(list_max(list_transform(why, lambda x: x.s)), 1) as severity,
    r.capture as session, 'uid ' || r.uid as actor, 'uid' as actor_type,
    r.exe_sha256 as file_hash, r.exe as file_path,
    m.node as node, nullif(m.namespace, '') as namespace, nullif(m.workload, '') as workload,
    nullif(m.pod, '') as pod, nullif(m.container, '') as container,
    coalesce(r.container_of, nullif(m.container_id, '')) as container_id,
    nullif(m.image, '') as image,
    r.pid as pid, r.ppid as ppid, coalesce(r.exe, r.name) as exe, r.cmdline as cmdline,
    concat_ws(' ', r.pid::varchar, coalesce(nullif(r.cmdline, ''), r.name),
        if(len(why) > 0, '(' || array_to_string(list_transform(why, lambda x: x.w), ' · ') || ')', null))
        as message
from judged
