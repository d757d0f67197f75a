-- id: engine
-- title: dockerd and containerd (logfmt)
-- kind: record
-- rank: 43
-- recognise: ^time="\d{4}-\d\d-\d\dT[^"]+" level=\w+ msg="
-- recognise: ^time="\d{4}-\d\d-\d\dT[^"]+" level=\w+ msg=\S
-- example: time="2026-11-23T22:44:42.019428664Z" level=info msg="libcontainerd: started new containerd process" pid=21279
-- yields: container
-- source: moby daemon and containerd, logrus text formatter
with parts as (
    select
        evidence, line, offset_bytes, message, program,
        regexp_extract(message, '^time="([^"]+)" level=(\w+) msg=("(?:[^"\\]|\\.)*"|\S+) ?((?s:.*))$',
            ['stamp', 'level', 'msg', 'rest']) as p
    from lines
    where starts_with(message, 'time="')
),
texts as (
    select *, if(p.msg[1] = '"',
        replace(replace(substring(p.msg, 2, length(p.msg) - 2), '\"', '"'), '\\', '\'), p.msg) as text
    from parts
    where p.stamp != ''
)
select
    evidence, line, offset_bytes, iso_ts(p.stamp) as ts, 'exact' as ts_quality,
    if(regexp_matches(text, '(?i)container|sandbox|shim|image|exec'), 'container', 'system')
        as category,
    case
        when regexp_matches(text, '^(RunPodSandbox|starting signal loop|connecting to shim)') then 'start'
        when starts_with(text, 'StartContainer') then 'start'
        when starts_with(text, 'CreateContainer') then 'create'
        when starts_with(text, 'StopContainer') or starts_with(text, 'StopPodSandbox') then 'stop'
        when starts_with(text, 'RemoveContainer') or starts_with(text, 'RemovePodSandbox') then 'delete'
        when starts_with(text, 'PullImage') then 'pull'
        when starts_with(text, 'ExecSync') or starts_with(text, 'Exec for') then 'exec'
        when contains(text, 'shim disconnected') then 'stop'
        else 'log'
    end as activity,
    if(p.level in ('error', 'fatal', 'panic'), 'failed', 'unknown') as outcome,
    level_severity(p.level) as severity,
    nullif(coalesce(
        nullif(regexp_extract(p.rest, '(?:^| )(?:container|id|containerID)=([0-9a-f]{64})', 1), ''),
        nullif(regexp_extract(p.rest, '/([0-9a-f]{64})(?:[/ "]|$)', 1), ''),
        regexp_extract(text, '([0-9a-f]{64})', 1)), '') as container_id,
    nullif(regexp_extract(text, 'PodSandboxMetadata\{Name:([^,]+),', 1), '') as pod,
    nullif(regexp_extract(text, 'PodSandboxMetadata\{[^}]*Namespace:([^,]+),', 1), '') as namespace,
    nullif(regexp_extract(text, 'ContainerMetadata\{Name:([^,]+),', 1), '') as container,
    nullif(regexp_extract(text, '(?:PullImage|image) \\?"([^"\\]+)', 1), '') as image,
    try_cast(nullif(regexp_extract(p.rest, '(?:^| )pid=(\d+)', 1), '') as bigint) as pid,
    concat_ws(' ', text, nullif(regexp_extract(p.rest, '(?:^| )error="((?:[^"\\]|\\.)*)"', 1), ''))
        as message,
    json_object('level', p.level, 'rest', p.rest) as fields
from texts
where iso_ts(p.stamp) is not null
