-- id: vpc_flow
-- title: AWS VPC flow log (version 2)
-- kind: record
-- rank: 34
-- recognise: ^[2-9] (\d{12}|unknown) eni-\S+ \S+ \S+ \S+ \S+ \S+ \S+ \S+ \d{10} \d{10} \S+ (OK|NODATA|SKIPDATA)
-- recognise: ^version account-id interface-id srcaddr
-- example: 2 493859302102 eni-0b13344793d4fde67 92.55.146.245 172.31.77.31 48316 22 6 19 7119 1604266544 1604266560 ACCEPT OK
-- yields: network
-- source: https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html
with parts as (
    select evidence, line, offset_bytes, message, string_split(message, ' ') as p
    from lines
)
select
    evidence, line, offset_bytes,
    make_timestamp(try_cast(p[11] as bigint) * 1000000) as ts,
    make_timestamp(try_cast(p[12] as bigint) * 1000000) as ts_end,
    if(try_cast(p[11] as bigint) is null, 'none', 'exact') as ts_quality, 'started' as ts_label,
    if(p[1] = 'version', 'system', 'network') as category,
    case p[13] when 'ACCEPT' then 'flow' when 'REJECT' then 'block' when 'action' then 'header'
        else 'no_data' end as activity,
    case p[13] when 'ACCEPT' then 'ok' when 'REJECT' then 'denied' else 'unknown' end as outcome,
    1 as severity,
    if(p[1] = 'version', null, nullif(p[4], '-')) as src_ip, try_cast(p[6] as usmallint) as src_port,
    if(p[1] = 'version', null, nullif(p[5], '-')) as dst_ip, try_cast(p[7] as usmallint) as dst_port,
    if(p[1] = 'version', null, p[2]) as cloud_account,
    if(p[1] = 'version', message, concat_ws(' ', p[13],
        case p[8] when '6' then 'tcp' when '17' then 'udp' when '1' then 'icmp' else 'proto ' || p[8] end,
        p[4] || ':' || p[6], '→', p[5] || ':' || p[7], p[10] || ' bytes')) as message,
    json_object('interface', p[3], 'protocol', p[8], 'packets', try_cast(p[9] as bigint),
        'bytes', try_cast(p[10] as bigint), 'log_status', p[14]) as fields
from parts
where len(p) >= 14 and (p[1] = 'version' or (p[14] in ('OK', 'NODATA', 'SKIPDATA')
    and try_cast(p[11] as bigint) is not null))
