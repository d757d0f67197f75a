-- id: hubble
-- title: Cilium Hubble flows
-- kind: record
-- fields: message
-- rank: 33
-- recognise: "flow"\s*:\s*\{.*"verdict"\s*:
-- recognise: ^\{"time".*"verdict"\s*:.*"(IP|ethernet)"\s*:
-- example: {"flow":{"time":"2021-06-16T16:52:13.136834446Z","verdict":"FORWARDED","IP":{"source":"10.0.2.16","destination":"10.0.2.1","ipVersion":"IPv4"},"l4":{"TCP":{"source_port":15020,"destination_port":42044}},"source":{"identity":25339,"namespace":"bookinfo","pod_name":"reviews-v1-545db77b95-s6jb8"},"destination":{"identity":1},"Type":"L3_L4","node_name":"gke-1"},"node_name":"gke-1","time":"2021-06-16T16:52:13.136834446Z"}
-- yields: network, dns, http
-- source: https://docs.cilium.io/en/stable/_api/v1/flow/README/
with documents as (
    select evidence, line, offset_bytes, message,
        from_json(if(json_exists(message, '$.flow'), json_extract(message, '$.flow'), message::json), '{
            "time": "VARCHAR", "verdict": "VARCHAR", "node_name": "VARCHAR", "reply": "BOOLEAN",
            "IP": {"source": "VARCHAR", "destination": "VARCHAR"},
            "l4": {"TCP": {"source_port": "VARCHAR", "destination_port": "VARCHAR"},
                   "UDP": {"source_port": "VARCHAR", "destination_port": "VARCHAR"}},
            "source": {"namespace": "VARCHAR", "pod_name": "VARCHAR", "identity": "VARCHAR"},
            "destination": {"namespace": "VARCHAR", "pod_name": "VARCHAR", "identity": "VARCHAR"},
            "l7": {"type": "VARCHAR", "dns": {"query": "VARCHAR", "rcode": "VARCHAR"},
                   "http": {"method": "VARCHAR", "url": "VARCHAR", "code": "VARCHAR"}},
            "destination_names": ["VARCHAR"], "drop_reason_desc": "VARCHAR",
            "traffic_direction": "VARCHAR"}') as r
    from lines
    where message[1] = '{' and json_valid(message)
),
flows as (
    select
        *, coalesce(r.l4.TCP.source_port, r.l4.UDP.source_port) as sport,
        coalesce(r.l4.TCP.destination_port, r.l4.UDP.destination_port) as dport
    from documents
    where r.verdict is not null
)
select
    evidence, line, offset_bytes, iso_ts(r.time) as ts, 'exact' as ts_quality,
    case when r.l7.dns is not null then 'dns' when r.l7.http is not null then 'http' else 'network' end
        as category,
    case when r.l7.dns is not null then 'query' when r.l7.http is not null then lower(r.l7.http.method)
        when r.verdict = 'DROPPED' then 'block' else 'flow' end as activity,
    case r.verdict when 'DROPPED' then 'denied' when 'ERROR' then 'failed' when 'FORWARDED' then 'ok'
        when 'REDIRECTED' then 'ok' else 'unknown' end as outcome,
    r.verdict as status, if(r.verdict = 'DROPPED', 3, 1) as severity,
    r.IP.source as src_ip, try_cast(sport as usmallint) as src_port,
    r.IP.destination as dst_ip, try_cast(dport as usmallint) as dst_port,
    coalesce(rtrim(r.l7.dns.query, '.'), r.destination.namespace || '/' || r.destination.pod_name,
        r.destination_names[1]) as dst_name,
    if(r.l7.http.url is null, null, 'url') as object_kind, r.l7.http.url as object_name,
    r.node_name as node,
    coalesce(r.source.namespace, r.destination.namespace) as namespace,
    coalesce(r.source.pod_name, r.destination.pod_name) as pod,
    concat_ws(' ', r.verdict, if(r.l4.UDP is not null, 'udp', if(r.l4.TCP is not null, 'tcp', null)),
        coalesce(r.source.namespace || '/' || r.source.pod_name, r.IP.source) || coalesce(':' || sport, ''),
        '→',
        coalesce(r.destination.namespace || '/' || r.destination.pod_name, r.IP.destination)
            || coalesce(':' || dport, ''),
        if(r.reply, 'reply', null), r.l7.dns.query, r.l7.http.method, r.l7.http.url, r.l7.http.code,
        r.drop_reason_desc) as message
from flows
