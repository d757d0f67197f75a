-- id: tracee
-- title: Tracee events
-- kind: record
-- fields: message
-- rank: 14
-- recognise: "eventName"\s*:\s*"\w+".*"args"\s*:
-- example: {"timestamp":1696255674450496178,"processId":1014858,"parentProcessId":1729,"hostProcessId":1014858,"userId":1000,"processName":"vlc","hostName":"rugged","containerId":"","container":{},"kubernetes":{},"eventId":"2002","eventName":"net_packet_tcp","returnValue":0,"args":[{"name":"src","type":"const char*","value":"192.168.200.50"},{"name":"dst","type":"const char*","value":"70.42.73.30"}]}
-- yields: process, network, file
-- source: https://aquasecurity.github.io/tracee/latest/docs/events/
with documents as (
    select evidence, line, offset_bytes, message,
        from_json(message, '{"timestamp": "VARCHAR", "hostProcessId": "BIGINT",
            "hostParentProcessId": "BIGINT", "userId": "VARCHAR", "processName": "VARCHAR",
            "hostName": "VARCHAR", "eventName": "VARCHAR", "returnValue": "VARCHAR",
            "executable": {"path": "VARCHAR"}, "containerId": "VARCHAR",
            "container": {"id": "VARCHAR", "name": "VARCHAR", "image": "VARCHAR"},
            "kubernetes": {"podName": "VARCHAR", "podNamespace": "VARCHAR"},
            "args": [{"name": "VARCHAR", "value": "JSON"}]}') as r
    from lines
    where message[1] = '{' and json_valid(message)
),
maps as (
    select *, map_from_entries(list_distinct(list_transform(
        list_filter(r.args, lambda a: a.name is not null),
        lambda a: (a.name, json_extract_string(a.value, '$'))))) as a
    from documents
    where r.eventName is not null and r.hostProcessId is not null
        and len(list_distinct(list_transform(r.args, lambda x: x.name))) = len(r.args)
)
select
    evidence, line, offset_bytes, epoch_ts(r.timestamp) as ts,
    if(epoch_ts(r.timestamp) is null, 'none', 'exact') as ts_quality,
    case
        when r.eventName like 'net_packet_dns%' then 'dns'
        when r.eventName like 'net_%' or r.eventName in ('connect', 'accept', 'accept4', 'bind', 'listen',
            'security_socket_connect', 'security_socket_accept', 'security_socket_bind') then 'network'
        when r.eventName like '%file%' or r.eventName in ('open', 'openat', 'unlink', 'unlinkat')
            or r.eventName like 'security_inode%' then 'file'
        else 'process'
    end as category,
    case when r.eventName in ('execve', 'execveat', 'sched_process_exec') then 'exec'
        else r.eventName end as activity,
    if(try_cast(r.returnValue as bigint) < 0, 'failed', 'ok') as outcome, 1 as severity,
    r.userId as actor, 'user' as actor_type,
    a['src'] as src_ip, try_cast(a['src_port'] as usmallint) as src_port,
    a['dst'] as dst_ip, try_cast(a['dst_port'] as usmallint) as dst_port,
    a['pathname'] as file_path, r.hostName as node,
    nullif(r.kubernetes.podNamespace, '') as namespace, nullif(r.kubernetes.podName, '') as pod,
    nullif(r.container.name, '') as container,
    nullif(coalesce(nullif(r.container.id, ''), r.containerId), '') as container_id,
    nullif(r.container.image, '') as image,
    r.hostProcessId as pid, r.hostParentProcessId as ppid,
    coalesce(nullif(r.executable.path, ''), r.processName) as exe, a['argv'] as cmdline,
    concat_ws(' ', r.eventName, r.processName, a['pathname'], a['src'] || ' → ' || a['dst']) as message
from maps
