-- id: trivy
-- title: Trivy scan report
-- kind: record
-- fields: message
-- rank: 18
-- recognise: "(ArtifactName|SchemaVersion)"\s*:.*"Results"\s*:
-- example: {"SchemaVersion":2,"CreatedAt":"2021-08-25T12:20:30Z","ArtifactName":"alpine:3.10","ArtifactType":"container_image","Results":[{"Target":"alpine","Vulnerabilities":[{"VulnerabilityID":"CVE-2019-1549","Severity":"MEDIUM"}]}]}
-- yields: alert
-- source: https://trivy.dev/latest/docs/configuration/reporting/
with documents as (
    select evidence, line, offset_bytes, message,
        json_extract_string(message, '$.ArtifactName') as artifact,
        json_extract_string(message, '$.CreatedAt') as stamp,
        list_concat(
            json_extract_string(message, '$.Results[*].Vulnerabilities[*].Severity'),
            json_extract_string(message, '$.Results[*].Secrets[*].Severity')) as severities,
        json_array_length(json_extract(message, '$.Results')) as result_count
    from lines
    where ltrim(message)[1] = '{' and json_valid(message)
)
select
    evidence, line, offset_bytes, iso_ts(stamp) as ts, if(iso_ts(stamp) is null, 'none', 'exact') as ts_quality,
    'alert' as category, 'scan' as activity, 'ok' as outcome,
    case when list_contains(severities, 'CRITICAL') then 5 when list_contains(severities, 'HIGH') then 4
        when list_contains(severities, 'MEDIUM') then 3 else 1 end as severity,
    artifact as image,
    'scan of ' || artifact || ': ' || len(severities) || ' findings, '
        || len(list_filter(severities, lambda s: s = 'CRITICAL')) || ' critical, '
        || len(list_filter(severities, lambda s: s = 'HIGH')) || ' high' as message
from documents
where artifact is not null and result_count > 0
