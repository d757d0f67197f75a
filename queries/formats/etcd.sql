-- id: etcd
-- title: etcd server log (JSON)
-- kind: record
-- fields: message
-- rank: 44
-- recognise: ^\{"level":"\w+","ts":"[^"]+",("logger":"[^"]*",)?"caller":"[^"]+","msg":
-- example: {"level":"info","ts":"2025-04-14T07:23:25.484692Z","caller":"etcdmain/main.go:50","msg":"successfully notified init daemon"}
-- yields: system
-- source: https://etcd.io/docs/latest/op-guide/configuration/, zap logger
with documents as (
    select evidence, line, offset_bytes, message,
        from_json(message, '{"level": "VARCHAR", "ts": "VARCHAR", "caller": "VARCHAR",
            "msg": "VARCHAR", "error": "VARCHAR", "remote-addr": "VARCHAR",
            "remote-peer-id": "VARCHAR"}') as r
    from lines
    where starts_with(message, '{"level":') and json_valid(message)
)
select
    evidence, line, offset_bytes, iso_ts(r.ts) as ts, 'exact' as ts_quality,
    'system' as category, 'log' as activity,
    if(r.level in ('error', 'fatal', 'panic'), 'failed', 'unknown') as outcome,
    level_severity(r.level) as severity,
    nullif(regexp_extract(r."remote-addr", '^\[?([0-9a-fA-F.:]+?)\]?:\d+$', 1), '') as src_ip,
    concat_ws(': ', r.msg, r.error) as message
from documents
where r.caller is not null and r.msg is not null and iso_ts(r.ts) is not null
