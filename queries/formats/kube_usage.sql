-- id: kube_usage
-- title: kubecase's recording of what containers use
-- kind: record
-- rank: 5
-- recognise: ^\{"kubecase":"usage/v1","at":
-- example: {"kubecase":"usage/v1","at":"2026-11-24T23:45:01.500000Z","cluster":"prod-eu","node":"node-1","readings":[{"namespace":"shop","pod":"web-7d9f","container":"web","at":"2026-11-24T23:44:58.000000Z","cpu_ns":12000000,"memory_bytes":7340032}]}
-- yields: system
-- source: console/live/keptusage.py
-- One line for each node and round, so that figures do not crowd out what happened.
with documents as (
    select evidence, line, offset_bytes, message,
        from_json(message, '{"at": "VARCHAR", "cluster": "VARCHAR", "node": "VARCHAR"}') as r,
        json_array_length(message, '$.readings') as reading_count
    from lines
    where starts_with(message, '{"kubecase":"usage/v1"') and json_valid(message)
)
select
    evidence, line, offset_bytes, iso_ts(r.at) as ts,
    if(iso_ts(r.at) is null, 'none', 'exact') as ts_quality,
    'system' as category, 'usage' as activity, 'ok' as outcome, 0 as severity,
    r.cluster as cluster, nullif(r.node, '') as node,
    concat_ws(' ', reading_count, 'readings of what containers use', 'on ' || nullif(r.node, ''))
        as message,
    message as fields
from documents
where reading_count > 0
