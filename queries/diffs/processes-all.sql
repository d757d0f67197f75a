-- id: processes-all
-- title: All processes as a tree
-- what: processes
-- against: all
with recursive processes as (
    select
        -- of a colleague's probe, whose journal came into this case later
        if(is_ours, 2, severity) as severity,
        if(is_ours, 'in the container of the investigator''s probe', status) as status,
        pid, ppid, actor, ts, exe, cmdline, file_hash, evidence, line,
        json_extract_string(fields, '$.name') as name,
        json_extract_string(fields, '$.profile') as profile
    from (
        select *, list_contains($probes::varchar[], json_extract_string(fields, '$.container_of'))
            and json_extract_string(fields, '$.investigator') is null as is_ours
        from events
        where evidence = $evidence and format = 'capture_process'
    ) as captured
),
tree as (
    -- roots: whose parent is not in the capture. A pid can be its own ancestor only in a forged
    -- capture: the depth is bounded
    select *, 0 as depth, [pid] as path
    from processes
    where ppid is null or ppid not in (select pid from processes)
    union all
    select child.*, tree.depth + 1, list_append(tree.path, child.pid)
    from processes as child
    join tree on child.ppid = tree.pid
    where tree.depth < 60 and not list_contains(tree.path, child.pid)
)
select
    severity, repeat('  ', depth::bigint) || coalesce(name, exe, '?') as process, pid, ppid,
    replace(actor, 'uid ', '') as uid, ts as started, exe, cmdline, nullif(status, '') as why, profile, file_hash as sha256,
    evidence || ':' || line as citation
from tree
order by path, line
limit $limit
