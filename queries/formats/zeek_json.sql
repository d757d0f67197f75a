-- id: zeek_json
-- title: Zeek logs as JSON lines
-- kind: record
-- fields: message
-- rank: 34
-- recognise: "id[._]orig_h"\s*:
-- example: {"@stream":"conn","ts":1588205199.82437,"uid":"Cvf4XX17hSAgXDdGEd","id_orig_h":"10.0.1.6","id_orig_p":54243,"id_resp_h":"10.0.0.4","id_resp_p":53,"proto":"udp","service":"dns","conn_state":"SF"}
-- yields: network, dns, http
-- source: https://docs.zeek.org/en/master/log-formats.html
with documents as (
    select evidence, line, offset_bytes, message,
        from_json(message, '{"ts": "VARCHAR", "uid": "VARCHAR", "@stream": "VARCHAR",
            "id_orig_h": "VARCHAR", "id_orig_p": "VARCHAR", "id_resp_h": "VARCHAR",
            "id_resp_p": "VARCHAR", "id.orig_h": "VARCHAR", "id.orig_p": "VARCHAR",
            "id.resp_h": "VARCHAR", "id.resp_p": "VARCHAR", "proto": "VARCHAR",
            "service": "VARCHAR", "conn_state": "VARCHAR", "query": "VARCHAR",
            "rcode_name": "VARCHAR", "method": "VARCHAR", "host": "VARCHAR", "uri": "VARCHAR",
            "status_code": "VARCHAR", "user_agent": "VARCHAR", "duration": "DOUBLE",
            "@system": "VARCHAR"}') as r
    from lines
    where message[1] = '{' and json_valid(message)
),
flat as (
    select
        *, coalesce(r.id_orig_h, r."id.orig_h") as src, coalesce(r.id_orig_p, r."id.orig_p") as sport,
        coalesce(r.id_resp_h, r."id.resp_h") as dst, coalesce(r.id_resp_p, r."id.resp_p") as dport,
        coalesce(make_timestamp((try_cast(r.ts as double) * 1000000)::bigint), iso_ts(r.ts)) as stamp
    from documents
)
select
    evidence, line, offset_bytes, stamp as ts, if(stamp is null, 'none', 'exact') as ts_quality,
    stamp + to_microseconds((r.duration * 1000000)::bigint) as ts_end,
    case when r.query is not null then 'dns' when r.method is not null then 'http' else 'network' end
        as category,
    case when r.query is not null then 'query' when r.method is not null then lower(r.method)
        else 'connect' end as activity,
    case when r.conn_state in ('REJ', 'S0', 'RSTOS0', 'RSTRH') or r.rcode_name != 'NOERROR'
        then 'failed' else 'ok' end as outcome,
    1 as severity, coalesce(r.conn_state, r.status_code, r.rcode_name) as status, r.uid as session,
    r.user_agent as user_agent, src as src_ip, try_cast(sport as usmallint) as src_port,
    dst as dst_ip, try_cast(dport as usmallint) as dst_port, coalesce(r.query, r.host) as dst_name,
    if(r.uri is null, null, 'url') as object_kind, r.uri as object_name, r."@system" as node,
    concat_ws(' ', r.proto, r.service, r.method, src || ':' || sport, '→', dst || ':' || dport,
        r.query, r.uri, r.conn_state) as message
from flat
where src is not null and dst is not null
