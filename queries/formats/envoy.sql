-- id: envoy
-- title: Envoy and Istio access log (JSON and default text)
-- kind: record
-- rank: 33
-- recognise: "(response_flags|upstream_cluster|downstream_remote_address)"\s*:
-- recognise: ^\[\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\] "
-- example: [2016-04-15T20:17:00.310Z] "POST /api/v1/locations HTTP/2" 204 - 154 0 226 100 "10.0.35.28" "nsq2http" "cc21d9b0-cf5c-432b-8c7e-98aeb7988cd2" "locations" "tcp://10.0.2.1:80"
-- yields: http
-- source: https://www.envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage
with documents as (
    select
        evidence, line, offset_bytes, ts as outer_ts, message,
        from_json(message, '{
            "start_time": "VARCHAR", "method": "VARCHAR", "path": "VARCHAR",
            "x-envoy-origin-path": "VARCHAR", "protocol": "VARCHAR", "response_code": "VARCHAR",
            "response_flags": "VARCHAR", "user-agent": "VARCHAR", "user_agent": "VARCHAR",
            ":authority": "VARCHAR", "authority": "VARCHAR", "x-request-id": "VARCHAR",
            "request_id": "VARCHAR", "downstream_remote_address": "VARCHAR",
            "x-forwarded-for": "VARCHAR", "upstream_host": "VARCHAR"}') as r
    from lines
    where message[1] = '{' and json_valid(message)
),
texts as (
    select
        evidence, line, offset_bytes,
        regexp_extract(message,
            '^\[(\S+)\] "(\S+) (\S*) ?([^"]*)" (\d+) (\S+) .*?"([^"]*)" "([^"]*)" "([^"]*)" "([^"]*)" "([^"]*)"',
            ['stamp', 'verb', 'path', 'protocol', 'code', 'flags', 'xff', 'agent', 'id', 'host', 'up'])
            as p,
        message
    from lines
    where message[1] = '['
),
shapes as (
    select
        evidence, line, offset_bytes, coalesce(iso_ts(r.start_time), outer_ts) as ts,
        r.method as verb, coalesce(r."x-envoy-origin-path", r.path) as path,
        r.response_code as code, r.response_flags as flags,
        coalesce(r."user-agent", r.user_agent) as agent,
        coalesce(r.":authority", r.authority) as host,
        coalesce(r."x-request-id", r.request_id) as id,
        coalesce(r."x-forwarded-for", r.downstream_remote_address) as peer,
        r.downstream_remote_address as direct, r.upstream_host as up, message as fields
    from documents
    where r.response_code is not null
        and (r.response_flags is not null or r.downstream_remote_address is not null)
    union all by name
    select
        evidence, line, offset_bytes, iso_ts(p.stamp) as ts, p.verb as verb, p.path as path,
        p.code as code, p.flags as flags, p.agent as agent, p.host as host, p.id as id,
        p.xff as peer, null as direct, p.up as up,
        json_object('text', message) as fields
    from texts
    where p.stamp != '' and iso_ts(p.stamp) is not null
)
select
    evidence, line, offset_bytes, ts, if(ts is null, null, 'exact') as ts_quality,
    'http' as category, lower(verb) as activity,
    http_outcome(code) as outcome,
    code as status, http_severity(code) as severity,
    nullif(id, '-') as session, nullif(agent, '-') as user_agent,
    address_of(trim(split_part(peer, ',', 1))) as src_ip,
    address_of(regexp_replace(up, '^\w+://', '')) as dst_ip,
    port_of(up) as dst_port, nullif(host, '-') as dst_name,
    'url' as object_kind, path as object_name,
    concat_ws(' ', verb, path, code, nullif(flags, '-'), nullif(host, '-')) as message, fields
from shapes
