-- id: break-out
-- title: Commands that step from a container onto its node
-- attack: T1611
-- severity: high
-- needs: process api alert http system
with commands as (
    select *, coalesce(cmdline, if(category = 'http', url_decode(object_name), null),
        if(category = 'alert', message, null)) as command
    from events
    where category in ('process', 'api', 'alert', 'http')
)
select ts, evidence, path, line, part, actor, namespace, pod, message
from commands
where regexp_matches(command,
    '\bnsenter\b.*(-t|--target)[ =]?1\b|/proc/1/(root|ns/|cwd)|\bchroot\s+(-\S+\s+)*/(h|host\w*|rootfs|node|mnt|proc/1)\b|\bunshare\s+-\S*[UrCm]')
    -- the kubelet's own way to mount, on the node
    and not regexp_matches(command, 'nsenter\s+\S*--mount=/rootfs/proc/1/ns/mnt')
union all
select ts, evidence, path, line, part, actor, namespace, pod, message
from events
where activity = 'check' and object_name in ('host-namespace', 'foreign-executable') and status = 'yes'
