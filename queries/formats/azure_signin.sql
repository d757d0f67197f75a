-- id: azure_signin
-- title: Microsoft Entra ID (Azure AD) sign-in log
-- kind: record
-- fields: message
-- rank: 15
-- recognise: "category"\s*:\s*"[A-Za-z]*SignInLogs"
-- example: {"time":"2024-03-01T10:00:00.1234567Z","resourceId":"/tenants/t1/providers/Microsoft.aadiam","operationName":"Sign-in activity","category":"SignInLogs","tenantId":"t1","resultType":"50126","resultDescription":"Invalid username or password.","callerIpAddress":"203.0.113.9","correlationId":"c1","identity":"Ana Example","properties":{"userPrincipalName":"ana@example.com","appDisplayName":"Azure Portal","userAgent":"Mozilla/5.0","status":{"errorCode":50126},"ipAddress":"203.0.113.9"}}
-- yields: login
-- source: https://learn.microsoft.com/entra/identity/monitoring-health/concept-activity-log-schemas
with documents as (
    select
        evidence, line, offset_bytes,
        from_json(message, '{"time": "VARCHAR", "category": "VARCHAR", "operationName": "VARCHAR",
            "resultType": "VARCHAR", "resultDescription": "VARCHAR", "callerIpAddress": "VARCHAR",
            "correlationId": "VARCHAR", "identity": "VARCHAR", "tenantId": "VARCHAR",
            "properties": {"createdDateTime": "VARCHAR", "userPrincipalName": "VARCHAR",
                "userId": "VARCHAR", "servicePrincipalName": "VARCHAR",
                "servicePrincipalId": "VARCHAR", "appDisplayName": "VARCHAR",
                "resourceDisplayName": "VARCHAR", "userAgent": "VARCHAR", "ipAddress": "VARCHAR",
                "conditionalAccessStatus": "VARCHAR", "riskLevelDuringSignIn": "VARCHAR",
                "status": {"errorCode": "VARCHAR", "failureReason": "VARCHAR"}}}') as r
    from lines
    where message[1] = '{' and json_valid(message)
),
known as (
    select
        *, coalesce(iso_ts(r.properties.createdDateTime), iso_ts(r.time)) as signed_ts,
        coalesce(r.resultType, r.properties.status.errorCode) as code,
        r.category like 'ServicePrincipal%' or r.category like 'ManagedIdentity%' as is_service,
        regexp_replace(coalesce(r.callerIpAddress, r.properties.ipAddress),
            '^((?:\d{1,3}\.){3}\d{1,3}):\d+$', '\1') as ip
    from documents
    where r.category like '%SignInLogs' and r.properties is not null
),
named as (
    select
        *,
        coalesce(r.properties.userPrincipalName, r.properties.servicePrincipalName,
            r.identity, r.properties.userId, r.properties.servicePrincipalId) as actor
    from known
)
select
    evidence, line, offset_bytes, signed_ts as ts, if(signed_ts is null, 'none', 'exact') as ts_quality,
    'login' as category, 'sign-in' as activity,
    case
        when code = '0' then 'ok'
        when code is null then 'unknown'
        -- 53003, 53000–53004: stopped by conditional access; 50053: locked
        when code like '5300_' or r.properties.conditionalAccessStatus = 'failure' then 'denied'
        else 'failed'
    end as outcome,
    code as status,
    if(coalesce(code, '0') != '0' or r.properties.riskLevelDuringSignIn in ('medium', 'high'), 3, 1)
        as severity,
    actor, if(is_service, 'service_account', 'user') as actor_type,
    r.correlationId as session, r.properties.userAgent as user_agent, ip as src_ip,
    r.properties.appDisplayName as dst_name, 'application' as object_kind,
    coalesce(r.properties.resourceDisplayName, r.properties.appDisplayName) as object_name,
    r.tenantId as cloud_account,
    concat_ws(' ', actor, 'signs in to',
        coalesce(r.properties.appDisplayName, r.properties.resourceDisplayName), 'from', ip, code,
        coalesce(r.resultDescription, r.properties.status.failureReason)) as message
from named
