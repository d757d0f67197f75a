-- id: processes
-- title: Processes of a pod as the newest capture of each of its containers has them
select try_cast(pid as bigint) as pid, exe, cmdline
from events
where category = 'process' and ends_with(format, 'capture_process')
    and namespace = $namespace and pod = $pod and pid is not null
qualify session = max(session) over (partition by container)
order by pid, evidence, line
limit $limit
