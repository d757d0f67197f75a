-- id: ndjson
-- title: Any JSON line: finds time, level and message by itself
-- kind: envelope
-- rank: 95
-- recognise: ^\s*\{\s*("|\})
-- example: {"timestamp":"2026-01-02T03:04:05Z","level":"warn","msg":"disk is nearly full","free":12}
-- yields: system
-- source: the keys that common loggers use (zap, logrus, bunyan, pino, ECS, Serilog, log4j)
with documents as (
    select evidence, line, offset_bytes, message, zone
    from lines
    where ltrim(message)[1] = '{' and json_valid(message)
),
found as (
    select
        *,
        json_extract_string(message, ['$.time', '$.timestamp', '$."@timestamp"', '$.ts', '$.date',
            '$.datetime', '$.eventTime', '$.t', '$."@t"', '$.asctime', '$.instant.epochSecond',
            '$.StartUTC', '$.start_time', '$.created', '$.log_time', '$.event_time']) as times,
        json_extract_string(message, ['$.level', '$.severity', '$.lvl', '$.loglevel', '$.log.level',
            '$."@l"', '$.levelname', '$.log_level', '$.priority']) as levels,
        json_extract_string(message, ['$.message', '$.msg', '$.log', '$.MESSAGE', '$."@message"',
            '$."@m"', '$."@mt"', '$.event.original', '$.event', '$.text', '$.body']) as texts,
        json_extract_string(message, ['$.kubernetes.namespace_name', '$.kubernetes.namespace',
            '$.namespace']) as namespaces,
        json_extract_string(message, ['$.kubernetes.pod_name', '$.kubernetes.pod.name', '$.pod',
            '$.pod_name']) as pods,
        json_extract_string(message, ['$.kubernetes.container_name', '$.kubernetes.container.name',
            '$.container_name']) as containers,
        json_extract_string(message, ['$.kubernetes.host', '$.host.name', '$.hostname', '$.node_name',
            '$.node']) as nodes,
        json_extract_string(message, ['$.client_ip', '$.clientIp', '$.clientip', '$.client_addr',
            '$.remote_ip', '$.remoteIp', '$.remote_addr', '$.remoteAddr', '$.remoteAddress',
            '$.src_ip', '$.srcip', '$.source_ip', '$.sourceIp', '$.sourceIPAddress', '$.source.ip',
            '$.client.ip', '$.request.remote_ip', '$.req.remoteAddress', '$.httpRequest.remoteIp',
            '$.network.client.ip', '$.peer_ip', '$.peer', '$.remote', '$.rhost', '$.ip', '$.ipAddress',
            '$.ip_address', '$.user_ip', '$.client', '$.remote_host', '$.context.ip', '$.labels.ip',
            '$."addr.remote"'])
            as peers,
        json_extract_string(message, ['$.username', '$.user_name', '$.userName', '$.user.name',
            '$.user.username', '$.user', '$.User', '$.login', '$.account', '$.actor', '$.principal', '$.email'])
            as users,
        -- what an agent says of the place that a line is from
        json_extract_string(message, ['$.orchestrator.cluster.name', '$.kubernetes.cluster_name',
            '$.cluster_name', '$.cluster']) as clusters,
        json_members(
            ['host', 'agent', 'kubernetes', 'cloud', 'orchestrator', 'container', 'docker', 'labels',
                'fields', 'tags', 'tag', 'service', 'log.file', 'cluster', 'cluster_name',
                'cluster_id', 'node_name', 'hostname', 'region', 'environment', 'attrs'],
            json_extract(message, ['$.host', '$.agent', '$.kubernetes', '$.cloud', '$.orchestrator',
                '$.container', '$.docker', '$.labels', '$.fields', '$.tags', '$.tag', '$.service',
                '$.log.file', '$.cluster', '$.cluster_name', '$.cluster_id', '$.node_name',
                '$.hostname', '$.region', '$.environment', '$.attrs'])) as envelope,
        json_extract_string(message, '$.cloud.account.id') as account,
        json_extract_string(message, '$.cloud.region') as region
    from documents
),
first_ones as (
    select
        *,
        list_filter(times, lambda x: x is not null)[1] as stamp,
        lower(list_filter(levels, lambda x: x is not null)[1]) as level,
        list_filter(texts, lambda x: x is not null and x != '')[1] as text,
        list_filter(list_transform(peers, lambda x: address_of(plain_v4(x))),
            lambda x: x is not null)[1] as peer,
        list_filter(users, lambda x: somebody(x) is not null and x[1] not in ('{', '['))[1] as person
    from found
)
select
    evidence, line, offset_bytes,
    coalesce(iso_ts(stamp), epoch_ts(stamp)) as ts,
    case
        when coalesce(iso_ts(stamp), epoch_ts(stamp)) is null then null
        when regexp_matches(stamp, '(Z|[+-]\d\d:?\d\d|^[0-9.]+)$') then 'exact'
        else zone_quality(zone)
    end as ts_quality,
    level_severity(level) as severity,
    nullif(list_filter(namespaces, lambda x: x is not null)[1], '') as namespace,
    nullif(list_filter(pods, lambda x: x is not null)[1], '') as pod,
    nullif(list_filter(containers, lambda x: x is not null)[1], '') as container,
    nullif(list_filter(nodes, lambda x: x is not null)[1], '') as node,
    nullif(list_filter(clusters, lambda x: x is not null and x[1] != '{')[1], '') as cluster,
    account as cloud_account, region, envelope,
    person as actor, peer as src_ip,
    coalesce(
        rtrim(text, chr(10)),
        -- no text of its own: the first fields, readable, and no JSON to look into again
        'JSON: ' || array_to_string(
            list_transform(
                json_keys(message)[1:12],
                lambda k: k || ': ' || left(coalesce(json_extract_string(message, '$."' || k || '"'),
                    'null'), 60)), ', '),
        'JSON') as message,
    message as fields
from first_ones
