-- id: processes-captures
-- title: Processes that other captures do not have
-- what: processes
-- against: capture, siblings
with processes as (
    select *, concat_ws('|', exe, regexp_replace(cmdline, '\d+', '#', 'g'), actor) as key
    from events
    where (evidence = $evidence or list_contains($others, evidence))
        and format = 'capture_process'
),
theirs as (
    select key, count(distinct evidence) as captures, arg_min(struct_pack(severity, status, pid,
            ppid, actor, ts, exe, cmdline, file_hash, evidence, line), line) as r
    from processes where evidence != $evidence group by key
),
mine as (
    select key, arg_min(struct_pack(severity, status, pid, ppid, actor, ts, exe, cmdline,
            file_hash, evidence, line), line) as r, count(*) as processes
    from processes where evidence = $evidence group by key
),
chosen as (
    select
        if(mine.key is null, 'only there', 'only here') as difference,
        coalesce(mine.r, theirs.r) as r, coalesce(mine.processes, 0) as processes
    from mine full join theirs using (key)
    where theirs.key is null or (mine.key is null and theirs.captures = len($others))
)
select
    greatest(r.severity, 2) as severity, difference, r.status as why, processes, r.pid as pid,
    r.ppid as ppid, replace(r.actor, 'uid ', '') as uid, r.ts as started, r.exe as exe, r.cmdline as cmdline,
    r.file_hash as sha256, r.evidence || ':' || r.line as citation
from chosen
order by severity desc, started desc, pid, citation
limit $limit
