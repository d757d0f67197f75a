-- id: traefik
-- title: Traefik access log (JSON)
-- kind: record
-- fields: message
-- rank: 33
-- recognise: "(DownstreamStatus|OriginStatus)"\s*:
-- example: {"ClientHost":"172.17.0.1","ClientPort":"39496","ClientUsername":"-","DownstreamStatus":200,"RequestHost":"test.docker.localhost","RequestMethod":"GET","RequestPath":"/594VAEoi.save","ServiceAddr":"172.17.0.3:80","StartUTC":"2021-12-08T14:02:43.587782192Z"}
-- yields: http
-- source: https://doc.traefik.io/traefik/observability/access-logs/
with documents as (
    select evidence, line, offset_bytes, message,
        from_json(message, '{"StartUTC": "VARCHAR", "time": "VARCHAR", "ClientHost": "VARCHAR",
            "ClientPort": "VARCHAR", "ClientUsername": "VARCHAR", "DownstreamStatus": "VARCHAR",
            "RequestHost": "VARCHAR", "RequestMethod": "VARCHAR", "RequestPath": "VARCHAR",
            "ServiceAddr": "VARCHAR", "request_User-Agent": "VARCHAR"}') as r
    from lines
    where message[1] = '{' and json_valid(message)
)
select
    evidence, line, offset_bytes, iso_ts(coalesce(r.StartUTC, r.time)) as ts, 'exact' as ts_quality,
    'http' as category, lower(r.RequestMethod) as activity,
    http_outcome(r.DownstreamStatus) as outcome,
    r.DownstreamStatus as status,
    http_severity(r.DownstreamStatus) as severity,
    nullif(r.ClientUsername, '-') as actor, r."request_User-Agent" as user_agent,
    r.ClientHost as src_ip, try_cast(r.ClientPort as usmallint) as src_port,
    address_of(r.ServiceAddr) as dst_ip, port_of(r.ServiceAddr) as dst_port,
    r.RequestHost as dst_name, 'url' as object_kind, r.RequestPath as object_name,
    concat_ws(' ', r.RequestMethod, r.RequestPath, r.DownstreamStatus, r.RequestHost) as message
from documents
where r.RequestMethod is not null and r.DownstreamStatus is not null
