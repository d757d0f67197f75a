-- id: systemd
-- title: systemd: units that started, stopped, failed
-- kind: record
-- rank: 42
-- recognise: ^(Started|Starting|Stopped|Stopping|Reloaded|Reloading|Finished|Mounted|Created slice|Removed slice|Reached target|Listening on) \S
-- recognise: ^\S+\.(service|scope|socket|mount|timer|slice|target|path|device|swap): \S
-- recognise: ^pam_\w+\(systemd-user:\w+\):
-- example: pam_unix(systemd-user:session): session opened for user ubuntu by (uid=0)
-- example: kubelet.service: Main process exited, code=exited, status=1/FAILURE
-- yields: system, login
-- source: systemd src/core/job.c, unit.c, service.c
with said as (
    select
        evidence, line, offset_bytes, message,
        regexp_extract(message,
            '^(Started|Starting|Stopped|Stopping|Reloaded|Reloading|Finished|Mounted|Created slice|Removed slice|Reached target|Listening on) (.+?)\.*$',
            ['verb', 'what']) as j,
        regexp_extract(message,
            '^(\S+\.(?:service|scope|socket|mount|timer|slice|target|path|device|swap)): ((?s:.*))$',
            ['unit', 'text']) as u,
        regexp_extract(message,
            '^pam_\w+\(systemd-user:\w+\): session (opened|closed) for user ([^\s(]+)', ['verb', 'user'])
            as s
    from lines
    where program in ('systemd', 'init', '(systemd)')
        -- without a program's name, `Started …` may be anybody's text
        or program is null and not regexp_matches(message, '^[A-Z][a-z]+ ')
),
known as (
    select
        *,
        regexp_matches(u.text,
            '^(Failed|Main process exited, code=(killed|dumped)|Main process exited, code=exited, status=[1-9])')
            as is_failure,
        -- `kubelet.service - The Kubernetes Node Agent`, or the description alone
        coalesce(nullif(u.unit, ''), nullif(regexp_extract(j.what, '^(\S+\.[a-z]+) - ', 1), ''),
            nullif(j.what, '')) as unit
    from said
    where j.verb != '' or u.unit != '' or s.user != ''
)
select
    evidence, line, offset_bytes,
    if(s.user != '', 'login', 'system') as category,
    case
        when s.user != '' then 'session_' || if(s.verb = 'opened', 'open', 'close')
        when is_failure or starts_with(u.text, 'Main process exited')
            or contains(u.text, 'Succeeded') or starts_with(u.text, 'Deactivated') then 'exit'
        when j.verb in ('Started', 'Mounted', 'Listening on', 'Created slice', 'Reached target') then 'start'
        when j.verb in ('Stopped', 'Removed slice') then 'stop'
        when j.verb != '' then lower(split_part(j.verb, ' ', 1))
        else 'log'
    end as activity,
    case when is_failure then 'failed' when u.unit != '' then 'unknown' else 'ok' end as outcome,
    if(is_failure, 3, 1) as severity,
    nullif(s.user, '') as actor, if(s.user = '', null, 'user') as actor_type,
    if(s.user = '', 'unit', null) as object_kind, if(s.user = '', unit, null) as object_name,
    nullif(regexp_extract(message,
        '(?:libcontainer container |cri-containerd-|docker-|crio-|libpod-)([0-9a-f]{64})', 1), '')
        as container_id,
    message
from known
