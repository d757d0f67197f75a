-- id: gcp_logging
-- title: Google Cloud Logging export (text and JSON payloads)
-- kind: envelope
-- rank: 32
-- recognise: "(textPayload|jsonPayload)"\s*:
-- example: {"insertId":"1io3yo2fursxdi","logName":"projects/fake-project/logs/testlog","resource":{"labels":{"project_id":"fake-project"},"type":"generic_node"},"textPayload":"This is a text payload","timestamp":"2021-10-19T02:04:00.272384509Z"}
-- yields: system
-- source: https://cloud.google.com/logging/docs/reference/v2/rest/v2/LogEntry
with documents as (
    select
        evidence, line, offset_bytes, message,
        from_json(message, '{
            "timestamp": "VARCHAR", "receiveTimestamp": "VARCHAR", "severity": "VARCHAR",
            "textPayload": "VARCHAR", "jsonPayload": "JSON",
            "resource": {"labels": {"project_id": "VARCHAR", "cluster_name": "VARCHAR",
                "namespace_name": "VARCHAR", "pod_name": "VARCHAR", "container_name": "VARCHAR",
                "node_name": "VARCHAR", "location": "VARCHAR"}}
        }') as r
    from lines
    where message[1] = '{' and json_valid(message)
),
payloads as (
    select
        *,
        json_extract_string(r.jsonPayload, ['$.MESSAGE', '$.message', '$.msg', '$.log']) as texts,
        json_extract_string(r.jsonPayload, '$._HOSTNAME') as host
    from documents
    where r.textPayload is not null or r.jsonPayload is not null
)
select
    evidence, line, offset_bytes,
    iso_ts(coalesce(r.timestamp, r.receiveTimestamp)) as ts, 'exact' as ts_quality,
    level_severity(lower(r.severity)) as severity,
    coalesce(json_extract_string(r.jsonPayload, '$.SYSLOG_IDENTIFIER'),
        json_extract_string(r.jsonPayload, '$._COMM')) as program,
    r.resource.labels.project_id as cloud_account,
    r.resource.labels.cluster_name as cluster,
    nullif(r.resource.labels.namespace_name, '') as namespace,
    nullif(r.resource.labels.pod_name, '') as pod,
    nullif(r.resource.labels.container_name, '') as container,
    coalesce(nullif(r.resource.labels.node_name, ''), host) as node,
    nullif(r.resource.labels.location, '') as region,
    coalesce(r.textPayload, list_filter(texts, lambda x: x is not null)[1], r.jsonPayload::varchar)
        as message,
    json_members(['logName', 'resource', 'labels', 'insertId'],
        json_extract(message, ['$.logName', '$.resource', '$.labels', '$.insertId'])) as envelope,
    message as fields
from payloads
