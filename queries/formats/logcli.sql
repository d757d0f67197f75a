-- id: logcli
-- title: Loki export (logcli -o jsonl)
-- kind: envelope
-- rank: 21
-- recognise: ^\{"labels"\s*:\s*\{.*"line"\s*:\s*"
-- example: {"labels":{"namespace":"shop","pod":"web-1"},"line":"hello","timestamp":"2026-01-02T03:04:05.6Z"}
-- yields: system
-- source: https://grafana.com/docs/loki/latest/query/logcli/
with documents as (
    select
        evidence, line, offset_bytes,
        from_json(message, '{"labels": "JSON", "line": "VARCHAR", "timestamp": "VARCHAR"}') as r
    from lines
    where message[1] = '{' and json_valid(message)
)
select
    evidence, line, offset_bytes, iso_ts(r.timestamp) as ts, 'exact' as ts_quality,
    loki_label(r.labels, 'namespace') as namespace, loki_label(r.labels, 'pod') as pod,
    loki_label(r.labels, 'container') as container, loki_label(r.labels, 'cluster') as cluster,
    coalesce(loki_label(r.labels, 'node'), json_extract_string(r.labels, '$.host')) as node,
    r.labels::varchar as fields, r.labels::varchar as envelope, r.line as message
from documents
where r.line is not null
