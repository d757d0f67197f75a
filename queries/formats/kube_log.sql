-- id: kube_log
-- title: kubecase's recording of container logs
-- kind: envelope
-- rank: 5
-- recognise: ^\{"kubecase":"log/v1","at":
-- example: {"kubecase":"log/v1","at":"2026-11-24T23:45:01.500000000Z","cluster":"prod-eu","node":"node-1","namespace":"shop","pod":"web-7d9f","container":"web","text":"listening on 8080"}
-- yields: system
-- source: console/live/keeper.py
with documents as (
    select evidence, line, offset_bytes,
        from_json(message, '{"at": "VARCHAR", "cluster": "VARCHAR", "node": "VARCHAR",
            "namespace": "VARCHAR", "pod": "VARCHAR", "container": "VARCHAR", "text": "VARCHAR"}')
            as r
    from lines
    where starts_with(message, '{"kubecase":"log/v1"') and json_valid(message)
)
select
    evidence, line, offset_bytes, iso_ts(r.at) as ts,
    if(iso_ts(r.at) is null, 'none', 'exact') as ts_quality,
    r.cluster as cluster, nullif(r.node, '') as node, r.namespace as namespace, r.pod as pod,
    r.container as container, r.text as message
from documents
where r.text is not null
