-- id: tetragon
-- title: Tetragon events
-- kind: record
-- fields: message
-- rank: 14
-- recognise: "process_(exec|exit|kprobe|connect|close|listen|accept|tracepoint|uprobe|lsm|loader|dns|http)"\s*:\s*\{
-- example: {"process_exec":{"process":{"exec_id":"a","pid":115153,"uid":0,"cwd":"/","binary":"/usr/bin/curl","arguments":"www.google.com","start_time":"2022-01-19T16:29:01.861Z","pod":{"namespace":"tenant-jobs","name":"elasticsearch-56f8fc6988-pb8c7","container":{"id":"docker://86eb","name":"elasticsearch","image":{"name":"quay.io/isovalent/jobs-app-elasticsearch:latest"}}}},"parent":{"pid":114757,"binary":"/bin/bash"}},"node_name":"minikube","time":"2022-01-19T16:29:01.861Z"}
-- yields: process, network, file
-- source: https://tetragon.io/docs/reference/grpc-api/
with kinds as (
    select
        evidence, line, offset_bytes, message,
        list_filter(json_keys(message), lambda k: starts_with(k, 'process_'))[1] as kind
    from lines
    where message[1] = '{' and json_valid(message)
),
documents as (
    select
        *,
        from_json(json_extract(message, '$.' || kind), '{
            "process": {"exec_id": "VARCHAR", "pid": "BIGINT", "uid": "VARCHAR", "cwd": "VARCHAR",
                "binary": "VARCHAR", "arguments": "VARCHAR", "start_time": "VARCHAR",
                "pod": {"namespace": "VARCHAR", "name": "VARCHAR", "workload": "VARCHAR",
                    "container": {"id": "VARCHAR", "name": "VARCHAR", "image": {"name": "VARCHAR"}}}},
            "parent": {"pid": "BIGINT", "binary": "VARCHAR", "arguments": "VARCHAR"},
            "function_name": "VARCHAR", "args": "JSON", "action": "VARCHAR",
            "source_ip": "VARCHAR", "source_port": "VARCHAR", "destination_ip": "VARCHAR",
            "destination_port": "VARCHAR", "destination_names": ["VARCHAR"], "ip": "VARCHAR",
            "port": "VARCHAR", "signal": "VARCHAR", "status": "VARCHAR"}') as r,
        json_extract_string(message, ['$.time', '$.node_name', '$.cluster_name']) as outer_fields
    from kinds
    where kind is not null
),
args as (
    select
        *,
        from_json(coalesce(json_extract(r.args, '$[0].sock_arg'), '{}'),
            '{"saddr": "VARCHAR", "daddr": "VARCHAR", "sport": "VARCHAR", "dport": "VARCHAR"}') as sock,
        coalesce(json_extract_string(r.args, '$[0].file_arg.path'),
            json_extract_string(r.args, '$[1].file_arg.path'),
            json_extract_string(r.args, '$[0].path_arg.path'),
            json_extract_string(r.args, '$[0].string_arg'),
            json_extract_string(r.args, '$[1].string_arg')) as file
    from documents
    where r.process is not null
)
select
    evidence, line, offset_bytes,
    coalesce(iso_ts(outer_fields[1]), iso_ts(r.process.start_time)) as ts, 'exact' as ts_quality,
    case
        when kind in ('process_connect', 'process_close', 'process_listen', 'process_accept')
            or sock.daddr is not null then 'network'
        when kind = 'process_kprobe' and file is not null then 'file'
        when kind in ('process_dns') then 'dns'
        else 'process'
    end as category,
    case
        when kind = 'process_kprobe' and contains(r.function_name, 'connect') then 'connect'
        when kind = 'process_kprobe' then coalesce(nullif(regexp_replace(r.function_name,
            '^(__x64_sys_|security_|fd_|__)', ''), ''), 'kprobe')
        else replace(kind, 'process_', '')
    end as activity,
    if(r.action in ('KPROBE_ACTION_SIGKILL', 'KPROBE_ACTION_OVERRIDE'), 'denied', 'ok') as outcome,
    1 as severity, r.process.uid as actor, 'user' as actor_type, r.process.exec_id as session,
    coalesce(r.source_ip, sock.saddr) as src_ip,
    try_cast(coalesce(r.source_port, sock.sport) as usmallint) as src_port,
    coalesce(r.destination_ip, sock.daddr, r.ip) as dst_ip,
    try_cast(coalesce(r.destination_port, sock.dport, r.port) as usmallint) as dst_port,
    r.destination_names[1] as dst_name, file as file_path,
    outer_fields[2] as node, outer_fields[3] as cluster,
    r.process.pod.namespace as namespace, r.process.pod.name as pod,
    r.process.pod.workload as workload, r.process.pod.container.name as container,
    regexp_replace(r.process.pod.container.id, '^\w+://', '') as container_id,
    r.process.pod.container.image.name as image,
    r.process.pid as pid, r.parent.pid as ppid, r.process.binary as exe,
    concat_ws(' ', r.process.binary, nullif(r.process.arguments, '')) as cmdline,
    concat_ws(' ', replace(kind, 'process_', ''), r.function_name, r.process.binary,
        nullif(r.process.arguments, ''), file,
        '→ ' || coalesce(r.destination_ip, sock.daddr) || ':'
            || coalesce(r.destination_port, sock.dport),
        'by ' || r.parent.binary) as message
from args
