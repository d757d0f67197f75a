-- id: s3_access
-- title: Amazon S3 server access log
-- kind: record
-- rank: 33
-- recognise: ^[0-9a-f]{64} \S+ \[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\] \S+ \S+ \S+ [A-Z0-9]+\.[A-Z0-9_.]+ 
-- example: 79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be backups [06/Feb/2019:00:00:38 +0000] 192.0.2.3 arn:aws:iam::123456789012:user/ana 3E57427F3EXAMPLE REST.GET.OBJECT db/dump.sql "GET /backups/db/dump.sql HTTP/1.1" 403 AccessDenied 243 - 17 - "-" "aws-cli/2.4" - s9lzHYrFp76ZVxRcpX9+5cjAnEH2ROuNkd2BHfIa6UkFVdtjf5mKR3/eTPFvsiP/XV/VLi31234= SigV4 ECDHE-RSA-AES128-GCM-SHA256 AuthHeader backups.s3.us-west-1.amazonaws.com TLSv1.2 - -
-- yields: cloud
-- source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html
-- A quoted field may hold quotes that a client sent: the status after the request and the times
-- after it say where the request ends.
with parts as (
    select
        evidence, line, offset_bytes,
        regexp_extract(message,
            '^[0-9a-f]{64} (\S+) \[([^\]]{26})\] (\S+) (\S+) (\S+) (\S+) (\S+) (-|".*?") (\d{3}|-) (\S+) (\d+|-) (\d+|-) (\d+|-) (\d+|-) (.*)$',
            ['bucket', 'stamp', 'ip', 'requester', 'id', 'operation', 'key', 'request', 'code', 'error',
            'sent', 'size', 'took', 'turnaround', 'rest']) as p
    from lines
),
known as (
    select
        evidence, line, offset_bytes, p,
        try_strptime(left(p.stamp, 20), '%d/%b/%Y:%H:%M:%S')
            - to_minutes((if(p.stamp[22] = '-', -1, 1) * (
                try_cast(p.stamp[23:24] as integer) * 60 + try_cast(p.stamp[25:26] as integer)))::integer)
            as ts,
        nullif(p.requester, '-') as requester, nullif(p.error, '-') as error,
        regexp_extract(p.rest, '^(?:-|"(.*?)") (?:-|"(.*)") \S+ ', ['referrer', 'agent']) as r
    from parts
    where p.bucket != ''
)
select
    evidence, line, offset_bytes, ts, 'exact' as ts_quality,
    'cloud' as category, p.operation as activity,
    case
        when p.code in ('401', '403') then 'denied'
        when p.code[1] in ('4', '5') then 'failed'
        when p.code = '-' then 'unknown'
        else 'ok'
    end as outcome,
    coalesce(error, nullif(p.code, '-')) as status,
    case p.code[1] when '4' then 3 when '5' then 4 else 1 end as severity,
    coalesce(requester, 'anonymous') as actor,
    case
        when requester is null then 'anonymous'
        when contains(requester, ':assumed-role/') then 'role'
        when starts_with(requester, 'svc:') or requester = 'AmazonS3' then 'system'
        else 'user'
    end as actor_type,
    p.id as session, nullif(nullif(r.agent, '-'), '') as user_agent, nullif(p.ip, '-') as src_ip,
    's3' as object_kind, p.bucket || coalesce('/' || nullif(p.key, '-'), '') as object_name,
    nullif(regexp_extract(requester, '^arn:aws[^:]*:(?:iam|sts)::(\d+):', 1), '') as cloud_account,
    nullif(regexp_extract(p.rest, ' (?:\S+\.)?s3[.-]([a-z]{2}(?:-[a-z]+)+-\d)\.amazonaws\.com', 1), '') as region,
    concat_ws(' ', coalesce(requester, 'anonymous'), p.operation,
        p.bucket || coalesce('/' || nullif(p.key, '-'), ''), nullif(p.code, '-'), error) as message,
    json_object('request', nullif(trim(p.request, '"'), '-'), 'http_status', nullif(p.code, '-'),
        'bytes_sent', try_cast(p.sent as bigint), 'object_size', try_cast(p.size as bigint),
        'total_time_ms', try_cast(p.took as bigint), 'referrer', nullif(nullif(r.referrer, '-'), ''))
        as fields
from known
where ts is not null
