-- id: packet_flow
-- title: Flows of a packet capture
-- kind: record
-- fields: message
-- rank: 5
-- recognise: ^\{"kubecase": ?"flow/v1",
-- example: {"kubecase": "flow/v1", "pcap": "ab", "proto": "tcp", "src": "10.211.0.5", "sport": 43122, "dst": "203.0.113.9", "dport": 4444, "first": "2026-11-24T22:10:00.000001", "last": "2026-11-24T22:10:09.500000", "packets": 12, "bytes": 3400, "packets_back": 9, "bytes_back": 900, "state": "closed", "namespace": "shop", "pod": "web-1", "node": "node-1", "pod_ip": "10.211.0.5"}
-- yields: network
-- source: console/respond/flows.py, flow/v1
with records as (
    select evidence, line, offset_bytes, message,
        from_json(message, '{"kubecase": "VARCHAR", "proto": "VARCHAR", "src": "VARCHAR",
            "sport": "VARCHAR", "dst": "VARCHAR", "dport": "VARCHAR", "first": "VARCHAR",
            "last": "VARCHAR", "packets": "VARCHAR", "bytes": "VARCHAR",
            "packets_back": "VARCHAR", "bytes_back": "VARCHAR", "state": "VARCHAR",
            "namespace": "VARCHAR", "pod": "VARCHAR", "node": "VARCHAR",
            "pod_ip": "VARCHAR"}') as r
    from lines
    where message[1] = '{' and json_valid(message)
)
select
    evidence, line, offset_bytes,
    iso_ts(r.first) as ts, iso_ts(r.last) as ts_end,
    if(iso_ts(r.first) is null, 'none', 'exact') as ts_quality, 'started' as ts_label,
    'network' as category, if(r.dst = r.pod_ip, 'accept', 'connect') as activity,
    if(r.state in ('refused', 'no answer') and r.proto = 'tcp', 'failed', 'ok') as outcome,
    r.state as status, 1 as severity,
    r.src as src_ip, try_cast(r.sport as usmallint) as src_port,
    r.dst as dst_ip, try_cast(r.dport as usmallint) as dst_port,
    nullif(r.node, '') as node, nullif(r.namespace, '') as namespace, nullif(r.pod, '') as pod,
    concat_ws(' ', r.proto, r.src || ':' || r.sport, '→', r.dst || ':' || r.dport, r.state,
        r.packets || '+' || r.packets_back || ' packets',
        r.bytes || '+' || r.bytes_back || ' bytes') as message
from records
where r.kubecase = 'flow/v1'
