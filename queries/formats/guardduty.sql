-- id: guardduty
-- title: Amazon GuardDuty finding
-- kind: record
-- fields: message
-- rank: 15
-- recognise: "type"\s*:\s*"[A-Za-z]+:[A-Za-z0-9]+/[A-Za-z0-9.!_-]+"
-- example: {"schemaVersion":"2.0","accountId":"123456789012","region":"eu-west-1","partition":"aws","id":"f1","arn":"arn:aws:guardduty:eu-west-1:123456789012:detector/d/finding/f1","type":"UnauthorizedAccess:EC2/SSHBruteForce","resource":{"resourceType":"Instance","instanceDetails":{"instanceId":"i-0123"}},"service":{"serviceName":"guardduty","eventFirstSeen":"2024-03-01T10:00:00Z","eventLastSeen":"2024-03-01T10:20:00Z","count":12,"action":{"actionType":"NETWORK_CONNECTION","networkConnectionAction":{"connectionDirection":"INBOUND","remoteIpDetails":{"ipAddressV4":"203.0.113.9"},"localPortDetails":{"port":22}}}},"severity":5,"createdAt":"2024-03-01T10:05:00.000Z","updatedAt":"2024-03-01T10:25:00.000Z","title":"203.0.113.9 tries to log in to i-0123"}
-- yields: alert
-- source: https://docs.aws.amazon.com/guardduty/latest/APIReference/API_Finding.html
-- EventBridge wraps the finding as `detail`; the API writes the names with a capital, exports not.
with wholes as (
    select
        evidence, line, offset_bytes,
        coalesce(json_extract(message, '$.detail')::varchar, message) as finding
    from lines
    where message[1] = '{' and json_valid(message)
),
documents as (
    select
        evidence, line, offset_bytes, finding,
        from_json(finding, '{"accountId": "VARCHAR", "region": "VARCHAR", "id": "VARCHAR",
            "arn": "VARCHAR", "type": "VARCHAR", "severity": "DOUBLE", "title": "VARCHAR",
            "createdAt": "VARCHAR", "updatedAt": "VARCHAR",
            "service": {"serviceName": "VARCHAR", "eventFirstSeen": "VARCHAR",
                "eventLastSeen": "VARCHAR", "action": {"actionType": "VARCHAR",
                    "networkConnectionAction": {"connectionDirection": "VARCHAR",
                        "blocked": "VARCHAR"},
                    "awsApiCallAction": {"api": "VARCHAR"},
                    "dnsRequestAction": {"domain": "VARCHAR"},
                    "kubernetesApiCallAction": {"requestUri": "VARCHAR"}}},
            "resource": {"resourceType": "VARCHAR",
                "instanceDetails": {"instanceId": "VARCHAR"},
                "accessKeyDetails": {"userName": "VARCHAR", "accessKeyId": "VARCHAR"},
                "eksClusterDetails": {"name": "VARCHAR"},
                "kubernetesDetails": {"kubernetesUserDetails": {"username": "VARCHAR"},
                    "kubernetesWorkloadDetails": {"name": "VARCHAR", "namespace": "VARCHAR"}},
                "s3BucketDetails": [{"name": "VARCHAR"}]}}') as r,
        list_filter(json_extract_string(finding, [
            '$.service.action.networkConnectionAction.remoteIpDetails.ipAddressV4',
            '$.service.action.awsApiCallAction.remoteIpDetails.ipAddressV4',
            '$.service.action.kubernetesApiCallAction.remoteIpDetails.ipAddressV4',
            '$.service.action.rdsLoginAttemptAction.remoteIpDetails.ipAddressV4',
            '$.service.action.portProbeAction.portProbeDetails[0].remoteIpDetails.ipAddressV4']),
            lambda x: x is not null)[1] as remote_ip,
        json_extract_string(finding,
            '$.service.action.networkConnectionAction.remotePortDetails.port') as remote_port,
        json_extract_string(finding,
            '$.service.action.networkConnectionAction.localPortDetails.port') as local_port,
        json_extract_string(finding,
            '$.resource.instanceDetails.networkInterfaces[0].privateIpAddress') as local_ip
    from wholes
),
known as (
    select
        *, coalesce(iso_ts(r.service.eventFirstSeen), iso_ts(r.createdAt)) as first_ts,
        coalesce(r.service.action.networkConnectionAction.connectionDirection, '') = 'OUTBOUND'
            as is_outbound,
        coalesce(r.resource.instanceDetails.instanceId, r.resource.eksClusterDetails.name,
            r.resource.s3BucketDetails[1].name, r.resource.accessKeyDetails.accessKeyId) as object
    from documents
    where r.type is not null and r.accountId is not null
        and (r.service.serviceName = 'guardduty' or contains(r.arn, ':guardduty:'))
)
select
    evidence, line, offset_bytes, first_ts as ts,
    iso_ts(coalesce(r.service.eventLastSeen, r.updatedAt)) as ts_end,
    if(first_ts is null, 'none', 'exact') as ts_quality,
    if(r.service.eventFirstSeen is null, 'created', 'first seen') as ts_label,
    'alert' as category, r.type as activity, 'unknown' as outcome, r.severity::varchar as status,
    -- 1–3.9 low, 4–6.9 medium, 7–8.9 high, 9 and over critical
    case when r.severity >= 9 then 5 when r.severity >= 7 then 4 when r.severity >= 4 then 3 else 2 end
        as severity,
    coalesce(r.resource.accessKeyDetails.userName,
        r.resource.kubernetesDetails.kubernetesUserDetails.username) as actor,
    r.id as session,
    if(is_outbound, local_ip, remote_ip) as src_ip,
    try_cast(if(is_outbound, local_port, remote_port) as usmallint) as src_port,
    if(is_outbound, remote_ip, local_ip) as dst_ip,
    try_cast(if(is_outbound, remote_port, local_port) as usmallint) as dst_port,
    r.service.action.dnsRequestAction.domain as dst_name,
    r.resource.resourceType as object_kind, object as object_name,
    r.resource.instanceDetails.instanceId as node, r.resource.eksClusterDetails.name as cluster,
    r.resource.kubernetesDetails.kubernetesWorkloadDetails.namespace as namespace,
    r.resource.kubernetesDetails.kubernetesWorkloadDetails.name as workload,
    r.accountId as cloud_account, r.region,
    concat_ws(' ', r.type, r.title, r.service.action.awsApiCallAction.api,
        r.service.action.kubernetesApiCallAction.requestUri) as message
from known
