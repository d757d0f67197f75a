-- id: processes
-- title: Processes of a pod as its newest captures have them, the newest capture first
select try_cast(pid as bigint) as pid, exe, cmdline
from events
where category = 'process' and ends_with(format, 'capture_process')
    and namespace = $namespace and pod = $pod and pid is not null
qualify row_number() over (partition by pid order by ts desc nulls last, evidence, line) = 1
order by pid
limit $limit
