-- id: coredns
-- title: CoreDNS query log
-- kind: record
-- rank: 38
-- recognise: ^(\S+ )?\[INFO\] \[?[0-9a-fA-F.:]+\]?:\d+ - \d+ "\S+ IN \S+ (udp|tcp)
-- example: [INFO] 127.0.0.1:50759 - 29008 "A IN example.org. udp 41 false 4096" NOERROR qr,rd,ra,ad 68 0.037990251s
-- yields: dns
-- source: https://coredns.io/plugins/log/
with parts as (
    select
        evidence, line, offset_bytes, ts as outer_ts, ts_quality as outer_quality,
        regexp_extract(message,
            '^(?:(\S+) )?\[INFO\] \[?([0-9a-fA-F.:]+?)\]?:(\d+) - (\d+) "(\S+) (\S+) (\S+) (udp|tcp) (\d+) (\S+) (\d+)" (\S+) (\S+) (\d+) (\S+)$',
            ['stamp', 'ip', 'port', 'id', 'type', 'class', 'name', 'protocol', 'size', 'do', 'bufsize',
            'rcode', 'flags', 'rsize', 'took']) as p
    from lines
)
select
    evidence, line, offset_bytes, coalesce(iso_ts(p.stamp), outer_ts) as ts,
    if(iso_ts(p.stamp) is null, outer_quality, 'exact') as ts_quality,
    'dns' as category, 'query' as activity,
    case p.rcode when 'NOERROR' then 'ok' when 'REFUSED' then 'denied' else 'failed' end as outcome,
    p.rcode as status, 1 as severity, p.ip as src_ip, try_cast(p.port as usmallint) as src_port,
    rtrim(p.name, '.') as dst_name,
    concat_ws(' ', p.type, p.name, p.rcode) as message,
    json_object('type', p.type, 'protocol', p.protocol, 'flags', p.flags, 'took', p.took) as fields
from parts
where p.ip != ''
