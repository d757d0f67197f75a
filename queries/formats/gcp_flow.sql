-- id: gcp_flow
-- title: Google Cloud VPC flow and firewall log
-- kind: record
-- fields: message
-- rank: 15
-- recognise: "connection"\s*:\s*\{[^{}]*"src_ip"\s*:
-- example: {"connection":{"src_ip":"10.0.0.5","src_port":41822,"dest_ip":"203.0.113.9","dest_port":443,"protocol":6},"reporter":"SRC","bytes_sent":"1864","packets_sent":"9","start_time":"2024-03-01T10:00:00.1Z","end_time":"2024-03-01T10:00:05.2Z","src_instance":{"project_id":"p1","region":"europe-west1","vm_name":"node-1","zone":"europe-west1-b"}}
-- yields: network
-- source: https://cloud.google.com/vpc/docs/about-flow-logs-records, https://cloud.google.com/firewall/docs/firewall-rules-logging
with documents as (
    select
        evidence, line, offset_bytes, ts as outer_ts, ts_quality as outer_quality,
        from_json(message, '{"connection": {"src_ip": "VARCHAR", "src_port": "VARCHAR",
                "dest_ip": "VARCHAR", "dest_port": "VARCHAR", "protocol": "VARCHAR"},
            "disposition": "VARCHAR", "rule_details": {"reference": "VARCHAR"},
            "instance": {"project_id": "VARCHAR", "region": "VARCHAR", "vm_name": "VARCHAR"},
            "reporter": "VARCHAR", "bytes_sent": "VARCHAR", "start_time": "VARCHAR",
            "end_time": "VARCHAR",
            "src_instance": {"project_id": "VARCHAR", "region": "VARCHAR", "vm_name": "VARCHAR"},
            "dest_instance": {"project_id": "VARCHAR", "region": "VARCHAR", "vm_name": "VARCHAR"}}')
            as r
    from lines
    where message[1] = '{' and json_valid(message)
),
known as (
    select
        *, r.connection as c, iso_ts(r.start_time) as start_ts,
        case
            when r.disposition is not null then r.instance
            when r.reporter = 'DEST' then r.dest_instance
            else r.src_instance
        end as machine
    from documents
    where r.connection.src_ip is not null and r.connection.dest_ip is not null
        and (r.disposition is not null or r.reporter is not null)
)
select
    evidence, line, offset_bytes, coalesce(start_ts, outer_ts) as ts, iso_ts(r.end_time) as ts_end,
    if(start_ts is null, outer_quality, 'exact') as ts_quality,
    if(start_ts is null, null, 'started') as ts_label,
    'network' as category, if(r.disposition = 'DENIED', 'block', 'flow') as activity,
    if(r.disposition = 'DENIED', 'denied', 'ok') as outcome, r.disposition as status, 1 as severity,
    c.src_ip as src_ip, try_cast(c.src_port as usmallint) as src_port,
    c.dest_ip as dst_ip, try_cast(c.dest_port as usmallint) as dst_port,
    machine.vm_name as node, machine.project_id as cloud_account, machine.region as region,
    if(r.rule_details.reference is null, null, 'rule') as object_kind,
    r.rule_details.reference as object_name,
    concat_ws(' ', r.disposition,
        case c.protocol when '6' then 'tcp' when '17' then 'udp' when '1' then 'icmp'
            else 'proto ' || c.protocol end,
        c.src_ip || coalesce(':' || c.src_port, ''), '→',
        c.dest_ip || coalesce(':' || c.dest_port, ''), r.bytes_sent || ' bytes',
        r.rule_details.reference) as message
from known
