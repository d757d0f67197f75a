-- id: cluster_info_logs
-- title: Container logs in a folder of kubectl cluster-info dump
-- kind: envelope
-- rank: 6
-- recognise: ^==== START logs for container \S+ of pod \S+/\S+ ====$
-- example: ==== START logs for container web of pod shop/web-7d9f ====
-- yields: system
-- source: k8s.io/kubectl pkg/cmd/clusterinfo/clusterinfo_dump.go
-- One file has the containers of one pod, one after the other; the lines have no time of kubectl's.
with parts as (
    select
        evidence, path, line, offset_bytes, message,
        regexp_extract(header, '^==== START logs for container \S+ of pod ([^\s/]+)/(\S+) ====$',
            ['namespace', 'pod']) as p,
        regexp_extract(message, '^==== (START|END) logs for container (\S+) of pod \S+ ====$',
            ['edge', 'container']) as mark
    from lines
    where starts_with(header, '==== START logs for container ')
)
select
    evidence, line, offset_bytes, p.namespace as namespace, p.pod as pod,
    last_value(nullif(mark.container, '') ignore nulls)
        over (partition by evidence, path order by line) as container,
    if(mark.edge = '', message, 'logs of container ' || mark.container
        || if(mark.edge = 'START', ' begin', ' end')) as message
from parts
where p.pod != ''
