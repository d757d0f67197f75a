-- id: cloudwatch
-- title: CloudWatch Logs events (subscription, filter-log-events)
-- kind: envelope
-- rank: 30
-- recognise: ^\{(?=.*"timestamp"\s*:\s*1\d{12})(?=.*"message"\s*:)(?=.*("id"|"eventId"|"ingestionTime"|"logStreamName")\s*:)
-- example: {"id":"eventId1","timestamp":1418530010000,"message":"2 123456789010 eni-1235b8ca123456789 172.31.16.139 172.31.16.21 20641 22 6 20 4249 1418530010 1418530070 ACCEPT OK"}
-- yields: system
-- source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html
with documents as (
    select
        evidence, line, offset_bytes, message,
        from_json(message, '{"timestamp": "BIGINT", "message": "VARCHAR",
            "_context": {"owner": "VARCHAR", "logGroup": "VARCHAR", "logStream": "VARCHAR"}}') as r,
        json_members(['logGroup', 'logStream', 'owner', 'logGroup', 'logStream', 'eventId'],
            json_extract(message, ['$._context.logGroup', '$._context.logStream', '$._context.owner',
                '$.logGroupName', '$.logStreamName', '$.eventId'])) as own_envelope,
        -- of a subscription's document: what holds for all of its events
        coalesce(own_envelope, envelope) as said
    from lines
    where message[1] = '{' and json_valid(message)
)
select
    evidence, line, offset_bytes, make_timestamp(r.timestamp * 1000) as ts,
    'exact' as ts_quality, r._context.owner as cloud_account,
    -- EKS and Container Insights name their groups after the cluster
    nullif(regexp_extract(said, '"logGroup":"/aws/(?:eks|containerinsights)/([^/"]+)', 1), '') as cluster,
    own_envelope as envelope, r.message as message
from documents
where r.timestamp is not null and r.message is not null
