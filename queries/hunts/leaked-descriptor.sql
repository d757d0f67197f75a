-- id: leaked-descriptor
-- title: Containers started in a file descriptor of the runtime (CVE-2024-21626)
-- attack: T1611
-- severity: critical
-- needs: bodies workload container process api
select ts, evidence, path, line, part, actor, namespace, pod, message
from events
where (category in ('workload', 'container', 'process')
        or category = 'api' and activity in ('create', 'update', 'patch', 'exec') and outcome = 'ok')
    and (regexp_matches(fields,
            '"(workingDir|WorkingDir|cwd)"\s*:\s*"/proc/(self|thread-self|[0-9]+)/fd/[0-9]+')
        or regexp_matches(coalesce(cmdline, ''),
            '(-w|--workdir|--cwd)[ =]?/proc/(self|thread-self)/fd/[0-9]+')
        or contains(message, 'current working directory is outside of container mount namespace root'))
qualify category != 'workload'
    or row_number() over (partition by object_kind, namespace, object_name order by ts) = 1
