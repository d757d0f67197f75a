-- id: engine
-- title: dockerd and containerd (logfmt)
-- kind: record
-- rank: 43
-- recognise: ^time="\d{4}-\d\d-\d\dT[^"]+" level=\w+ msg="
-- recognise: ^time="\d{4}-\d\d-\d\dT[^"]+" level=\w+ msg=\S
-- example: time="2026-11-23T22:44:42.019428664Z" level=info msg="libcontainerd: started new containerd process" pid=21279
-- yields: container
-- source: moby daemon and containerd, logrus text formatter
-- The same shape is written by many programs: taken are lines of a known program or file, or with
-- words that only these daemons use. The rest is generic logfmt.
with parts as (
    select
        evidence, line, offset_bytes, message, program, path,
        regexp_extract(message, '^time="([^"]+)" level=(\w+) msg=("(?:[^"\\]|\\.)*"|\S+) ?((?s:.*))$',
            ['stamp', 'level', 'msg', 'rest']) as p
    from lines
    where starts_with(message, 'time="')
),
texts as (
    select
        *,
        if(p.msg[1] = '"',
            replace(replace(replace(substring(p.msg, 2, length(p.msg) - 2), '\"', '"'), '\n', ' '),
                '\\', '\'),
            p.msg) as text
    from parts
    where p.stamp != ''
        and (regexp_matches(program, '^(containerd|dockerd|docker|docker-containerd|crio|k3s|rke2)')
            or regexp_matches(path, '(docker|containerd|crio)[^/!]*$')
            or regexp_matches(message,
                '(?i)libcontainerd|containerd|dockerd|docker daemon|docker/daemon|io\.containerd|PodSandbox|moby|(start|create|stop|remove)container|Loading containers|shim disconnected|API listen on|sbJoin|graphdriver|storage-driver|libnetwork'))
),
known as (
    select
        *,
        -- an image's digest looks like a container's id
        coalesce(
            nullif(regexp_extract(p.rest,
                '(?:^| )(?:container|containerID|container_id|id)="?([0-9a-f]{64})', 1), ''),
            nullif(regexp_extract(p.rest, 'k8s\.io/([0-9a-f]{64})', 1), ''),
            nullif(regexp_extract(text, 'returns (?:container|sandbox) id \\?"([0-9a-f]{64})', 1), ''),
            nullif(regexp_extract(text, '(?:StartContainer for|StopContainer for|RemoveContainer for|Container to stop|container|task|sandbox(?: id)?) \\?"([0-9a-f]{64})', 1), ''),
            nullif(regexp_extract(text, '(?:^|[^:0-9a-f@/])([0-9a-f]{64})(?:[^0-9a-f]|$)', 1), ''))
            as container_id
    from texts
)
select
    evidence, line, offset_bytes, iso_ts(p.stamp) as ts, 'exact' as ts_quality,
    'container' as category,
    case
        when regexp_matches(text, '^(RunPodSandbox|StartContainer|starting signal loop|connecting to shim)')
            then 'start'
        when starts_with(text, 'CreateContainer') then 'create'
        when regexp_matches(text, '^(StopContainer|StopPodSandbox|Container to stop|Kill container|TearDown network)')
            or contains(text, 'shim disconnected') then 'stop'
        when regexp_matches(text, '^(RemoveContainer|RemovePodSandbox|ignoring event|cleaning up dead shim)')
            then 'delete'
        when regexp_matches(text, '^(PullImage|Pulled image|ImageCreate)') then 'pull'
        when regexp_matches(text, '^(ExecSync|Exec for|Exec process)') then 'exec'
        when starts_with(text, 'Attach for') then 'attach'
        when regexp_matches(text, '^(PortForward|Portforward)') then 'portforward'
        else 'log'
    end as activity,
    if(p.level in ('error', 'fatal', 'panic') or contains(text, ' failed'), 'failed', 'unknown')
        as outcome,
    level_severity(p.level) as severity,
    container_id,
    nullif(regexp_extract(text, 'PodSandboxMetadata\{Name:([^,]+),', 1), '') as pod,
    nullif(regexp_extract(text, 'PodSandboxMetadata\{[^}]*Namespace:([^,]+),', 1), '') as namespace,
    nullif(regexp_extract(text, 'ContainerMetadata\{Name:([^,]+),', 1), '') as container,
    nullif(regexp_extract(text, '(?:PullImage|Pulled image|for image|Image(?:Create|Update|Delete) event name:) ?\\?"([^"\\]+)', 1), '')
        as image,
    try_cast(nullif(regexp_extract(p.rest, '(?:^| )pid=(\d+)', 1), '') as bigint) as pid,
    concat_ws(' ', text, nullif(regexp_extract(p.rest, '(?:^| )error="((?:[^"\\]|\\.)*)"', 1), ''))
        as message,
    json_object('level', p.level, 'rest', nullif(p.rest, '')) as fields
from known
where iso_ts(p.stamp) is not null
