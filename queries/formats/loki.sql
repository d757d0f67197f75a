-- id: loki
-- title: Loki export (query_range documents, push bodies)
-- kind: envelope
-- rank: 20
-- expands: yes
-- recognise: "(streams|result)"\s*:\s*\[\s*\{.*"stream"\s*:.*"values"\s*:
-- recognise: ^\{"stream"\s*:\s*\{.*"values"\s*:
-- example: {"status":"success","data":{"resultType":"streams","result":[{"stream":{"namespace":"shop","pod":"web-1","container":"app"},"values":[["1700000000000000000","hello"]]}]}}
-- yields: system
-- source: https://grafana.com/docs/loki/latest/reference/loki-http-api/
with documents as (
    select
        evidence, line, offset_bytes,
        case
            when json_exists(message, '$.data.result') then json_extract(message, '$.data.result[*]')
            when json_exists(message, '$.streams') then json_extract(message, '$.streams[*]')
            else [message::json]
        end as streams
    from lines
    where message[1] = '{' and json_valid(message)
),
streams as (
    select evidence, line, offset_bytes, unnest(streams) as stream
    from documents
),
entries as (
    select
        evidence, line, offset_bytes, json_extract(stream, '$.stream') as labels,
        unnest(json_extract(stream, '$.values[*]')) as entry
    from streams
)
select
    evidence, line, offset_bytes,
    epoch_ts(json_extract_string(entry, '$[0]')) as ts, 'exact' as ts_quality,
    labels::varchar as fields, labels::varchar as envelope,
    loki_label(labels, 'namespace') as namespace, loki_label(labels, 'pod') as pod,
    loki_label(labels, 'container') as container, loki_label(labels, 'cluster') as cluster,
    coalesce(loki_label(labels, 'node'), json_extract_string(labels, '$.host')) as node,
    json_extract_string(entry, '$[1]') as message
from entries
where json_extract_string(entry, '$[1]') is not null
