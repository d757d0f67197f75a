-- id: aks_diagnostic
-- title: Azure diagnostic logs of AKS (kube-audit and other categories)
-- kind: envelope
-- rank: 11
-- recognise: "properties"\s*:\s*\{.*"log"\s*:\s*"
-- example: {"category":"kube-audit","operationName":"Microsoft.ContainerService/managedClusters/diagnosticLogs/Read","time":"2024-03-20T10:00:00Z","resourceId":"/subscriptions/s/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/cluster","properties":{"log":"{\"kind\":\"Event\",\"apiVersion\":\"audit.k8s.io/v1\",\"auditID\":\"abc-123\",\"stage\":\"ResponseComplete\",\"verb\":\"list\",\"user\":{\"username\":\"u\"},\"objectRef\":{\"resource\":\"secrets\"}}"}}
-- yields: api
-- source: https://learn.microsoft.com/azure/aks/monitor-aks-reference
with documents as (
    select
        evidence, line, offset_bytes, message,
        from_json(message, '{"time": "VARCHAR", "category": "VARCHAR", "resourceId": "VARCHAR",
            "operationName": "VARCHAR", "ccpNamespace": "VARCHAR",
            "properties": {"log": "VARCHAR", "pod": "VARCHAR"}}') as r
    from lines
    where message[1] = '{' and json_valid(message)
)
select
    evidence, line, offset_bytes, iso_ts(r.time) as ts,
    if(iso_ts(r.time) is null, null, 'exact') as ts_quality,
    r.category as program,
    nullif(regexp_extract(r.resourceId, '(?i)/managedClusters/([^/]+)', 1), '') as cluster,
    nullif(regexp_extract(r.resourceId, '(?i)/subscriptions/([^/]+)', 1), '') as cloud_account,
    json_members(['resourceId', 'category', 'operationName', 'pod', 'ccpNamespace'],
        [to_json(r.resourceId), to_json(r.category), to_json(r.operationName),
            to_json(r.properties.pod), to_json(r.ccpNamespace)]) as envelope,
    rtrim(r.properties.log, chr(10)) as message
from documents
where r.properties.log is not null
