-- id: processes-image
-- title: Processes that are not what the image would run
-- what: processes
-- against: image, spec
select
    severity, status as why, pid, ppid, replace(actor, 'uid ', '') as uid, ts as started, exe, cmdline,
    file_hash as sha256, json_extract_string(fields, '$.cwd') as cwd,
    evidence || ':' || line as citation
from events
where evidence = $evidence and format = 'capture_process' and severity > 1
order by severity desc, started desc, pid, line
limit $limit
