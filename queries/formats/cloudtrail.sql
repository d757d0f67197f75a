-- id: cloudtrail
-- title: AWS CloudTrail
-- kind: record
-- rank: 16
-- recognise: "eventSource"\s*:\s*"[a-z0-9.-]+\.amazonaws\.com"
-- recognise: "CloudTrailEvent"\s*:
-- example: {"awsRegion":"us-east-1","eventID":"1","eventName":"ConsoleLogin","eventSource":"signin.amazonaws.com","eventTime":"2020-10-30T23:25:32Z","eventType":"AwsConsoleSignIn","recipientAccountId":"493859302102","responseElements":{"ConsoleLogin":"Failure"},"sourceIPAddress":"92.55.146.245","userAgent":"Mozilla","userIdentity":{"accountId":"493859302102","arn":"arn:aws:iam::493859302102:root","type":"Root","userName":"root"}}
-- yields: cloud, login
-- source: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
with whole as (
    select
        evidence, line, offset_bytes,
        coalesce(json_extract_string(message, '$.CloudTrailEvent'), message) as message
    from lines
    where ltrim(message)[1] = '{' and json_valid(message)
),
documents as (
    select evidence, line, offset_bytes, message,
        from_json(message, '{"eventTime": "VARCHAR", "eventSource": "VARCHAR", "eventName": "VARCHAR",
            "awsRegion": "VARCHAR", "sourceIPAddress": "VARCHAR", "userAgent": "VARCHAR",
            "errorCode": "VARCHAR", "errorMessage": "VARCHAR", "eventID": "VARCHAR",
            "recipientAccountId": "VARCHAR", "readOnly": "VARCHAR",
            "userIdentity": {"type": "VARCHAR", "arn": "VARCHAR", "userName": "VARCHAR",
                "accountId": "VARCHAR", "principalId": "VARCHAR", "invokedBy": "VARCHAR",
                "accessKeyId": "VARCHAR",
                "sessionContext": {"sessionIssuer": {"userName": "VARCHAR", "arn": "VARCHAR"}}},
            "requestParameters": "JSON", "responseElements": {"ConsoleLogin": "VARCHAR"},
            "resources": [{"ARN": "VARCHAR", "type": "VARCHAR"}]}') as r
    from whole
    where json_valid(message)
),
objects as (
    select
        *,
        json_extract_string(r.requestParameters, ['$.bucketName', '$.secretId', '$.name', '$.userName',
            '$.roleName', '$.instanceId', '$.functionName', '$.groupName', '$.roleArn',
            '$.snapshotId', '$.keyId', '$.trailName', '$.clusterName', '$.target', '$.policyArn',
            '$.instancesSet.items[0].instanceId']) as names
    from documents
    where r.eventSource is not null and r.eventName is not null
)
select
    evidence, line, offset_bytes, iso_ts(r.eventTime) as ts, 'exact' as ts_quality,
    if(r.eventName in ('ConsoleLogin', 'SwitchRole', 'AssumeRole', 'GetSessionToken'), 'login', 'cloud')
        as category,
    r.eventName as activity,
    case
        when r.errorCode in ('AccessDenied', 'Client.UnauthorizedOperation', 'AccessDeniedException',
            'UnauthorizedOperation') then 'denied'
        when r.errorCode is not null or r.responseElements.ConsoleLogin = 'Failure' then 'failed'
        else 'ok'
    end as outcome,
    coalesce(r.errorCode, r.responseElements.ConsoleLogin) as status,
    case
        when r.eventName in ('StopLogging', 'DeleteTrail', 'CreateAccessKey', 'CreateUser',
            'AttachUserPolicy', 'PutUserPolicy', 'UpdateAssumeRolePolicy', 'DeleteFlowLogs',
            'ModifySnapshotAttribute', 'GetSecretValue') then 3
        when r.errorCode is not null or r.responseElements.ConsoleLogin = 'Failure' then 3
        else 1
    end as severity,
    coalesce(r.userIdentity.arn, r.userIdentity.userName, r.userIdentity.invokedBy,
        r.userIdentity.principalId) as actor,
    case r.userIdentity.type when 'AssumedRole' then 'role' when 'AWSService' then 'system'
        when 'IAMUser' then 'user' when 'Root' then 'user' else lower(r.userIdentity.type) end
        as actor_type,
    coalesce(r.userIdentity.accessKeyId, r.eventID) as session, r.userAgent as user_agent,
    if(regexp_matches(r.sourceIPAddress, '^[0-9a-fA-F.:]+$'), r.sourceIPAddress, null) as src_ip,
    split_part(r.eventSource, '.', 1) as object_kind,
    coalesce(list_filter(names, lambda x: x is not null)[1], r.resources[1].ARN) as object_name,
    coalesce(r.recipientAccountId, r.userIdentity.accountId) as cloud_account, r.awsRegion as region,
    concat_ws(' ', coalesce(r.userIdentity.userName,
            r.userIdentity.sessionContext.sessionIssuer.userName, r.userIdentity.arn,
            r.userIdentity.invokedBy),
        r.eventName, split_part(r.eventSource, '.', 1),
        coalesce(list_filter(names, lambda x: x is not null)[1], r.resources[1].ARN),
        r.errorCode, r.responseElements.ConsoleLogin) as message,
    message as fields
from objects
