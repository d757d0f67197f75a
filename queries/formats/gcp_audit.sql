-- id: gcp_audit
-- title: Google Cloud audit log (GKE's API server included)
-- kind: record
-- fields: message
-- rank: 16
-- recognise: "protoPayload"\s*:
-- example: {"protoPayload":{"authenticationInfo":{"principalEmail":"user@company.com"},"authorizationInfo":[{"granted":true,"permission":"io.k8s.core.v1.pods.exec.create","resource":"core/v1/namespaces/default/pods/web/exec"}],"methodName":"io.k8s.core.v1.pods.exec.create","requestMetadata":{"callerIp":"8.8.8.8","callerSuppliedUserAgent":"kubectl/v1.27.0"},"resourceName":"core/v1/namespaces/default/pods/web/exec","serviceName":"k8s.io"},"resource":{"type":"k8s_cluster","labels":{"project_id":"p","cluster_name":"c","location":"europe-west1"}},"timestamp":"2024-02-13T10:00:00Z"}
-- yields: api, cloud
-- source: https://cloud.google.com/logging/docs/audit/understanding-audit-logs
-- GKE: verb and resource stand only in methodName (io.k8s.GROUP.VERSION.RESOURCE[.SUB].VERB) and
-- resourceName.
with documents as (
    select evidence, line, offset_bytes, message,
        from_json(message, '{"timestamp": "VARCHAR", "receiveTimestamp": "VARCHAR",
            "severity": "VARCHAR", "insertId": "VARCHAR",
            "protoPayload": {"methodName": "VARCHAR", "resourceName": "VARCHAR",
                "serviceName": "VARCHAR",
                "authenticationInfo": {"principalEmail": "VARCHAR", "principalSubject": "VARCHAR",
                    "authoritySelector": "VARCHAR"},
                "authorizationInfo": [{"granted": "BOOLEAN", "permission": "VARCHAR"}],
                "requestMetadata": {"callerIp": "VARCHAR",
                    "callerSuppliedUserAgent": "VARCHAR"},
                "status": {"code": "VARCHAR", "message": "VARCHAR"}},
            "operation": {"id": "VARCHAR"},
            "resource": {"type": "VARCHAR", "labels": {"project_id": "VARCHAR",
                "cluster_name": "VARCHAR", "location": "VARCHAR", "zone": "VARCHAR"}}}') as r
    from lines
    where message[1] = '{' and json_valid(message)
),
calls as (
    select
        *, r.protoPayload as p,
        starts_with(r.protoPayload.methodName, 'io.k8s.') as is_k8s,
        string_split(r.protoPayload.methodName, '.') as method,
        regexp_extract(r.protoPayload.resourceName,
            '(?:namespaces/([^/]+)/)?([^/]+)/([^/]+)(?:/([^/]+))?$', ['ns', 'kind', 'name', 'sub']) as o
    from documents
    where r.protoPayload is not null
)
select
    evidence, line, offset_bytes, iso_ts(coalesce(r.timestamp, r.receiveTimestamp)) as ts,
    if(iso_ts(coalesce(r.timestamp, r.receiveTimestamp)) is null, 'none', 'exact') as ts_quality,
    if(is_k8s, 'api', 'cloud') as category,
    case
        when is_k8s and list_has_any(method, ['exec', 'attach', 'portforward'])
            then list_filter(method, lambda x: x in ('exec', 'attach', 'portforward'))[1]
        when is_k8s then method[-1]
        else p.methodName
    end as activity,
    case
        when p.status.code = '7' or p.status.code = '16' or p.authorizationInfo[1].granted = false
            then 'denied'
        when coalesce(p.status.code, '0') != '0' then 'failed'
        else 'ok'
    end as outcome,
    p.status.code as status, level_severity(lower(r.severity)) as severity,
    coalesce(p.authenticationInfo.principalEmail, p.authenticationInfo.principalSubject,
        p.authenticationInfo.authoritySelector) as actor,
    case
        when p.authenticationInfo.principalEmail like 'system:serviceaccount:%'
            or p.authenticationInfo.principalEmail like '%gserviceaccount.com' then 'service_account'
        when p.authenticationInfo.principalEmail like 'system:%' then 'system'
        when p.authenticationInfo.authoritySelector = 'system:anonymous' then 'anonymous'
        else 'user'
    end as actor_type,
    coalesce(r.operation.id, r.insertId) as session,
    p.requestMetadata.callerSuppliedUserAgent as user_agent,
    coalesce(p.requestMetadata.callerIp,
        json_extract_string(message, '$.protoPayload.requestMetadata.callerIP')) as src_ip,
    if(is_k8s, coalesce(
        list_filter(method[5:], lambda x: x not in ('exec', 'attach', 'portforward'))[1], o.kind),
        r.resource.type) as object_kind,
    case
        when not is_k8s then p.resourceName
        when method[-1] in ('list', 'watch', 'create', 'deletecollection') and o.sub = ''
            and o.kind = 'namespaces' then null
        else nullif(regexp_extract(p.resourceName,
            '(?:pods|secrets|configmaps|nodes|[a-z]+)/([^/]+)(?:/(?:exec|attach|portforward|status|log|binding|token|approval|scale|proxy))?$', 1), '')
    end as object_name,
    if(is_k8s, list_filter(method, lambda x: x in ('exec', 'attach', 'portforward', 'status', 'log',
        'proxy', 'token', 'approval', 'binding', 'scale'))[1], null) as subresource,
    nullif(regexp_extract(p.resourceName, 'namespaces/([^/]+)', 1), '') as namespace,
    nullif(regexp_extract(p.resourceName, '/pods/([^/]+)', 1), '') as pod,
    nullif(regexp_extract(p.resourceName, '/nodes/([^/]+)', 1), '') as node,
    r.resource.labels.cluster_name as cluster, r.resource.labels.project_id as cloud_account,
    coalesce(r.resource.labels.location, r.resource.labels.zone) as region,
    concat_ws(' ', coalesce(p.authenticationInfo.principalEmail, p.authenticationInfo.authoritySelector),
        p.methodName, p.resourceName, p.status.message) as message
from calls
