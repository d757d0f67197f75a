-- id: compose
-- title: docker compose logs, each line with the service before it
-- kind: envelope
-- rank: 7
-- recognise: ^(\x1b\[[0-9;]*[A-Za-z])*[\w.-]+ +(\x1b\[[0-9;]*m)*\|(\x1b\[[0-9;]*m)* 
-- example: etcd2   | {"level":"info","ts":"2025-04-14T07:23:25.484698Z","caller":"etcdmain/main.go:50","msg":"successfully notified init daemon"}
-- yields: system
-- source: https://docs.docker.com/reference/cli/docker/compose/logs/
with parts as (
    select
        evidence, line, offset_bytes,
        regexp_extract(message,
            '^(?:\x1b\[[0-9;]*[A-Za-z])*([\w.-]+) +(?:\x1b\[[0-9;]*m)*\|(?:\x1b\[[0-9;]*m)* (?:\x1b\[[0-9;]*m)*((?s:.*))$',
            ['service', 'text']) as p
    from lines
    -- in such a file every line is one; elsewhere `a | b` is text
    where regexp_matches(header, '^(?:\x1b\[[0-9;]*[A-Za-z])*([\w.-]+ +(?:\x1b\[[0-9;]*m)*\||Attaching to )')
)
select evidence, line, offset_bytes, p.service as container, p.text as message
from parts
where p.service != ''
