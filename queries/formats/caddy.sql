-- id: caddy
-- title: Caddy access and error log (JSON)
-- kind: record
-- fields: message
-- rank: 33
-- recognise: "msg"\s*:\s*"handled request"
-- recognise: "logger"\s*:\s*"http\.log\.(access|error)
-- example: {"level":"info","ts":1693840839.657635,"logger":"http.log.access","msg":"handled request","request":{"remote_ip":"192.0.2.1","remote_port":"42876","client_ip":"192.0.2.1","proto":"HTTP/1.1","method":"GET","host":"shop.example","uri":"/","headers":{"User-Agent":["curl/7.74.0"]}},"user_id":"","duration":0.000002689,"size":0,"status":200}
-- yields: http
-- source: https://caddyserver.com/docs/caddyfile/directives/log, https://caddyserver.com/docs/logging
with documents as (
    select
        evidence, line, offset_bytes, ts as outer_ts, ts_quality as outer_quality, zone,
        from_json(message, '{"ts": "VARCHAR", "logger": "VARCHAR", "msg": "VARCHAR",
            "level": "VARCHAR", "status": "VARCHAR", "user_id": "VARCHAR",
            "request": {"client_ip": "VARCHAR", "remote_ip": "VARCHAR", "remote_port": "VARCHAR",
                "remote_addr": "VARCHAR", "method": "VARCHAR", "host": "VARCHAR", "uri": "VARCHAR",
                "headers": {"User-Agent": ["VARCHAR"]}}}') as r
    from lines
    where message[1] = '{' and json_valid(message)
),
requests as (
    select
        *, r.request as q,
        coalesce(epoch_ts(r.ts), make_timestamp((try_cast(r.ts as double) * 1000000)::bigint),
            iso_ts(r.ts), iso_ts(replace(r.ts, '/', '-'))) as stamp,
        -- the zone of a written time, where it has one
        regexp_matches(r.ts, '(Z|[+-]\d\d:?\d\d|^[0-9.eE+]+)$') as has_zone
    from documents
    where r.request.method is not null and r.status is not null
        and (r.msg = 'handled request' or starts_with(r.logger, 'http.log.'))
)
select
    evidence, line, offset_bytes,
    case when stamp is null then outer_ts when has_zone then stamp
        when outer_quality = 'exact' then outer_ts else in_utc(stamp, zone) end as ts,
    case when stamp is null then outer_quality when has_zone or outer_quality = 'exact' then 'exact'
        else zone_quality(zone) end as ts_quality,
    'http' as category, lower(q.method) as activity,
    http_outcome(r.status) as outcome,
    r.status as status,
    http_severity(r.status) as severity,
    nullif(r.user_id, '') as actor, q.headers."User-Agent"[1] as user_agent,
    -- who asked, as trusted proxies say; the port is the proxy's then
    coalesce(nullif(q.client_ip, ''), nullif(q.remote_ip, ''), address_of(q.remote_addr)) as src_ip,
    if(q.client_ip != q.remote_ip, null,
        coalesce(try_cast(q.remote_port as usmallint), port_of(q.remote_addr))) as src_port,
    nullif(q.host, '') as dst_name, 'url' as object_kind, q.uri as object_name,
    concat_ws(' ', q.method, q.uri, r.status, nullif(q.host, ''),
        if(r.msg = 'handled request', null, r.msg)) as message
from requests
