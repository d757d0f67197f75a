-- id: azure_activity
-- title: Azure activity log
-- kind: record
-- fields: message
-- rank: 17
-- recognise: "operationName"\s*:.*"(eventTimestamp|correlationId|event_timestamp|correlation_id)"\s*:
-- recognise: "(eventTimestamp|correlationId|event_timestamp|correlation_id)"\s*:.*"operation_?[Nn]ame"\s*:
-- example: {"time":"2022-02-09T03:00:36Z","resourceId":"/SUBSCRIPTIONS/X/RESOURCEGROUPS/RG/PROVIDERS/MICROSOFT.COMPUTE/VIRTUALMACHINES/VM","operationName":"MICROSOFT.COMPUTE/VIRTUALMACHINES/DELETE","callerIpAddress":"1.2.3.4","correlationId":"c","resultType":"Success","identity":{"claims":{"name":"ana"}}}
-- yields: cloud
-- source: https://learn.microsoft.com/azure/azure-monitor/platform/activity-log-schema
with documents as (
    select evidence, line, offset_bytes, message,
        json_extract_string(message, ['$.eventTimestamp', '$.event_timestamp', '$.time']) as times,
        json_extract_string(message, ['$.operationName.value', '$.operation_name.value',
            '$.operationName', '$.operation_name']) as operations,
        json_extract_string(message, ['$.caller', '$.properties.initiatedBy.user.userPrincipalName',
            '$.properties.initiatedBy.app.displayName',
            '$.identity.claims."http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn"',
            '$.identity.claims."http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name"',
            '$.identity.claims.name', '$.identity.claims.appid'])
            as callers,
        json_extract_string(message, ['$.status.value', '$.resultType']) as results,
        json_extract_string(message, ['$.resourceId', '$.resource_id', '$.resourceUri']) as resources,
        json_extract_string(message, ['$.httpRequest.clientIpAddress', '$.http_request.client_ip_address',
            '$.callerIpAddress', '$.claims.ipaddr', '$.identity.claims.ipaddr']) as ips,
        json_extract_string(message, ['$.correlationId', '$.correlation_id']) as ids
    from lines
    where message[1] = '{' and json_valid(message)
),
firsts as (
    select
        *, list_filter(times, lambda x: x is not null)[1] as stamp,
        list_filter(operations, lambda x: x is not null and x[1] != '{')[1] as operation,
        list_filter(callers, lambda x: x is not null)[1] as caller,
        list_filter(results, lambda x: x is not null)[1] as result,
        list_filter(resources, lambda x: x is not null)[1] as resource,
        list_filter(ips, lambda x: x is not null)[1] as ip,
        list_filter(ids, lambda x: x is not null)[1] as id
    from documents
)
select
    evidence, line, offset_bytes, iso_ts(stamp) as ts, if(iso_ts(stamp) is null, 'none', 'exact') as ts_quality,
    'cloud' as category, operation as activity,
    case when lower(result) in ('succeeded', 'success', 'start', 'started', 'accept', 'accepted') then 'ok'
        when lower(result) in ('failed', 'failure') then 'failed' else 'unknown' end as outcome,
    result as status, if(lower(result) in ('failed', 'failure'), 3, 1) as severity,
    caller as actor, if(caller is null, null, 'user') as actor_type, id as session, ip as src_ip,
    regexp_extract(resource, '(?i)/providers/(.+?/[^/]+)/', 1) as object_kind,
    regexp_extract(resource, '([^/]+)$', 1) as object_name,
    nullif(regexp_extract(resource, '(?i)/subscriptions/([^/]+)', 1), '') as cloud_account,
    concat_ws(' ', caller, operation, regexp_extract(resource, '([^/]+)$', 1), result) as message
from firsts
where operation is not null and id is not null
