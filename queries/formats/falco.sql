-- id: falco
-- title: Falco alerts (JSON)
-- kind: record
-- fields: message
-- rank: 14
-- recognise: "output"\s*:.*"priority"\s*:.*"rule"\s*:
-- recognise: "rule"\s*:.*"priority"\s*:.*"output"\s*:
-- example: {"hostname":"node-1","output":"09:15:40.698757000: Warning K8s Operation performed by user not in allowed list of users (user=csi target=x/volumeattachments verb=patch resp=200)","output_fields":{"evt.time":1739178940698757000,"ka.user.name":"csi","ka.verb":"patch"},"priority":"Warning","rule":"Disallowed K8s User","source":"k8s_audit","tags":["k8s"],"time":"2025-02-10T09:15:40.698757000Z"}
-- yields: alert
-- source: https://falco.org/docs/concepts/outputs/formatting/
with documents as (
    select evidence, line, offset_bytes, message,
        from_json(message, '{"time": "VARCHAR", "rule": "VARCHAR", "priority": "VARCHAR",
            "output": "VARCHAR", "hostname": "VARCHAR", "source": "VARCHAR",
            "output_fields": {"evt.time": "VARCHAR", "container.id": "VARCHAR",
                "container.name": "VARCHAR", "container.image.repository": "VARCHAR",
                "container.image.tag": "VARCHAR", "k8s.ns.name": "VARCHAR", "k8s.pod.name": "VARCHAR",
                "proc.cmdline": "VARCHAR", "proc.name": "VARCHAR", "proc.exepath": "VARCHAR",
                "proc.pid": "VARCHAR", "proc.ppid": "VARCHAR", "user.name": "VARCHAR",
                "fd.name": "VARCHAR", "fd.rip": "VARCHAR", "fd.rport": "VARCHAR", "fd.sip": "VARCHAR",
                "ka.user.name": "VARCHAR", "ka.verb": "VARCHAR", "ka.target.namespace": "VARCHAR",
                "ka.target.resource": "VARCHAR", "ka.target.name": "VARCHAR"}}') as r
    from lines
    where message[1] = '{' and json_valid(message)
),
alerts as (
    select *, r.output_fields as f, lower(r.priority) as priority
    from documents
    where r.rule is not null and r.output is not null and r.priority is not null
)
select
    evidence, line, offset_bytes,
    coalesce(iso_ts(r.time), epoch_ts(f."evt.time")) as ts,
    if(coalesce(iso_ts(r.time), epoch_ts(f."evt.time")) is null, 'none', 'exact') as ts_quality,
    'alert' as category, 'alert' as activity, 'unknown' as outcome,
    case priority when 'emergency' then 6 when 'alert' then 5 when 'critical' then 5 when 'error' then 4
        when 'warning' then 3 when 'notice' then 2 else 1 end as severity,
    r.rule as status,
    nullif(coalesce(f."ka.user.name", f."user.name"), '<NA>') as actor,
    coalesce(f."ka.target.resource", if(f."fd.name" is null, null, 'file')) as object_kind,
    f."ka.target.name" as object_name,
    if(starts_with(f."fd.name", '/'), f."fd.name", null) as file_path,
    coalesce(f."fd.rip", f."fd.sip") as dst_ip, try_cast(f."fd.rport" as usmallint) as dst_port,
    r.hostname as node,
    nullif(coalesce(f."k8s.ns.name", f."ka.target.namespace"), '<NA>') as namespace,
    nullif(f."k8s.pod.name", '<NA>') as pod, nullif(f."container.name", '<NA>') as container,
    nullif(nullif(f."container.id", 'host'), '<NA>') as container_id,
    nullif(concat_ws(':', f."container.image.repository", f."container.image.tag"), '') as image,
    try_cast(f."proc.pid" as bigint) as pid, try_cast(f."proc.ppid" as bigint) as ppid,
    coalesce(f."proc.exepath", f."proc.name") as exe, f."proc.cmdline" as cmdline,
    r.rule || ': ' || r.output as message
from alerts
