-- id: docker_inspect
-- title: docker inspect, and the engine's own container files (config.v2.json)
-- kind: record
-- fields: message
-- rank: 19
-- recognise: "(Id|ID)"\s*:\s*"[0-9a-f]{64}".*"Created"\s*:.*"(State|Config)"\s*:
-- recognise: "(State|Config)"\s*:\s*\{.*"(Id|ID)"\s*:\s*"[0-9a-f]{64}"
-- example: {"Id":"2fbf112a65d5bd91030300124d859e0800b7cc10431339c061677c728ed12ebd","Created":"2026-11-23T22:45:10.6Z","Path":"/pause","Args":[],"State":{"Status":"running","Running":true,"Pid":4711,"StartedAt":"2026-11-23T22:45:11Z"},"Image":"sha256:5b0e","Name":"/k8s_POD_web","Config":{"Image":"lab/pause:1","Labels":{"io.kubernetes.pod.name":"web","io.kubernetes.pod.namespace":"shop","io.kubernetes.container.name":"POD"}}}
-- yields: container
-- source: https://docs.docker.com/reference/api/engine/, ContainerInspect
with documents as (
    select evidence, line, offset_bytes, message,
        -- the engine's own files spell it ID
        coalesce(json_extract_string(message, '$.Id'), json_extract_string(message, '$.ID')) as id,
        from_json(message, '{"Created": "VARCHAR", "Path": "VARCHAR",
            "Args": ["VARCHAR"], "Name": "VARCHAR", "Image": "VARCHAR",
            "State": {"Status": "VARCHAR", "Running": "BOOLEAN", "Pid": "BIGINT", "ExitCode": "VARCHAR",
                "StartedAt": "VARCHAR", "FinishedAt": "VARCHAR"},
            "Config": {"Image": "VARCHAR", "Hostname": "VARCHAR", "Labels": "JSON"},
            "HostConfig": {"Privileged": "BOOLEAN", "PidMode": "VARCHAR"},
            "NetworkSettings": {"IPAddress": "VARCHAR"}}') as r
    from lines
    where ltrim(message)[1] = '{' and json_valid(message)
)
select
    evidence, line, offset_bytes, iso_ts(r.Created) as ts, 'exact' as ts_quality,
    'created' as ts_label,
    if(r.State.FinishedAt like '0001%', null, iso_ts(r.State.FinishedAt)) as ts_end,
    'container' as category, 'observed' as activity, 'unknown' as outcome,
    coalesce(r.State.Status, if(r.State.Running, 'running', 'exited')) as status,
    if(r.HostConfig.Privileged or r.HostConfig.PidMode = 'host', 3, 1) as severity,
    id as container_id, ltrim(r.Name, '/') as object_name,
    'container' as object_kind,
    coalesce(json_extract_string(r.Config.Labels, '$."io.kubernetes.container.name"'),
        ltrim(r.Name, '/')) as container,
    json_extract_string(r.Config.Labels, '$."io.kubernetes.pod.name"') as pod,
    json_extract_string(r.Config.Labels, '$."io.kubernetes.pod.namespace"') as namespace,
    coalesce(r.Config.Image, r.Image) as image,
    nullif(r.NetworkSettings.IPAddress, '') as dst_ip,
    nullif(r.State.Pid, 0) as pid, r.Path as exe,
    concat_ws(' ', r.Path, array_to_string(r.Args, ' ')) as cmdline,
    concat_ws(' ', 'container', ltrim(r.Name, '/'), r.Config.Image, r.State.Status,
        if(r.HostConfig.Privileged, 'privileged', null),
        if(r.HostConfig.PidMode = 'host', 'host PID', null),
        r.Path, array_to_string(r.Args, ' ')) as message
from documents
where id is not null and r.Created is not null and r.Config is not null
