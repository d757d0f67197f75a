-- id: suricata
-- title: Suricata events (eve.json): alerts, flows, DNS, HTTP, TLS, SSH, files
-- kind: record
-- fields: message
-- rank: 14
-- recognise: "event_type"\s*:\s*"(alert|anomaly|drop|flow|netflow|dns|http2?|tls|ssh|fileinfo|stats|smb|smtp|ftp|ftp_data|rdp|rfb|krb5|dhcp|nfs|tftp|snmp|sip|mqtt|ike|quic|dcerpc|dnp3|modbus|pgsql|ldap|mdns|websocket|arp|metadata|frame|engine|bittorrent_dht)"
-- example: {"timestamp":"2022-07-11T06:09:52.602489+0000","flow_id":1684596746908921,"in_iface":"eth0","event_type":"alert","src_ip":"192.0.2.7","src_port":36288,"dest_ip":"10.0.0.5","dest_port":80,"proto":"TCP","alert":{"action":"blocked","gid":1,"signature_id":2034125,"rev":4,"signature":"ET EXPLOIT Path Traversal Attempt","category":"Attempted Administrator Privilege Gain","severity":1}}
-- yields: alert, network, dns, http, ssh, file, system
-- source: https://docs.suricata.io/en/latest/output/eve/eve-json-format.html
with documents as (
    select
        evidence, line, offset_bytes, message, zone,
        from_json(message, '{"timestamp": "VARCHAR", "event_type": "VARCHAR", "flow_id": "VARCHAR",
            "host": "VARCHAR", "src_ip": "VARCHAR", "src_port": "VARCHAR", "dest_ip": "VARCHAR",
            "dest_port": "VARCHAR", "proto": "VARCHAR", "app_proto": "VARCHAR",
            "alert": {"action": "VARCHAR", "signature": "VARCHAR", "severity": "VARCHAR"},
            "anomaly": {"event": "VARCHAR", "code": "VARCHAR"},
            "drop": {"reason": "VARCHAR"}, "verdict": {"action": "VARCHAR"},
            "dns": {"type": "VARCHAR", "rrname": "VARCHAR", "rrtype": "VARCHAR",
                "rcode": "VARCHAR", "rdata": "VARCHAR", "query": "JSON",
                "queries": [{"rrname": "VARCHAR", "rrtype": "VARCHAR"}],
                "answers": [{"rrtype": "VARCHAR", "rdata": "VARCHAR"}]},
            "http": {"hostname": "VARCHAR", "url": "VARCHAR", "http_method": "VARCHAR",
                "http_user_agent": "VARCHAR", "status": "VARCHAR"},
            "tls": {"sni": "VARCHAR", "subject": "VARCHAR", "version": "VARCHAR",
                "fingerprint": "VARCHAR"},
            "ssh": {"client": {"software_version": "VARCHAR"},
                "server": {"software_version": "VARCHAR"}},
            "fileinfo": {"filename": "VARCHAR", "sha256": "VARCHAR", "sha1": "VARCHAR",
                "md5": "VARCHAR", "state": "VARCHAR", "size": "VARCHAR"},
            "flow": {"start": "VARCHAR", "end": "VARCHAR", "state": "VARCHAR",
                "bytes_toserver": "BIGINT", "bytes_toclient": "BIGINT", "action": "VARCHAR"},
            "netflow": {"start": "VARCHAR", "end": "VARCHAR", "bytes": "BIGINT"},
            "tcp": {"tcp_flags_ts": "VARCHAR", "tcp_flags_tc": "VARCHAR"}}') as r
    from lines
    where message[1] = '{' and json_valid(message)
),
known as (
    select
        evidence, line, offset_bytes, zone, r, r.event_type as type,
        coalesce(r.flow.start, r.netflow.start) as start, coalesce(r.flow.end, r.netflow.end) as stop,
        -- IPv6 comes with all its zeros
        if(regexp_full_match(r.src_ip, '([0-9a-f]{4}:){7}[0-9a-f]{4}'),
            ip6_text(replace(r.src_ip, ':', '')), r.src_ip) as src,
        if(regexp_full_match(r.dest_ip, '([0-9a-f]{4}:){7}[0-9a-f]{4}'),
            ip6_text(replace(r.dest_ip, ':', '')), r.dest_ip) as dst,
        coalesce(r.dns.rrname, r.dns.queries[1].rrname,
            json_extract_string(r.dns.query, '$[0].rrname')) as asked,
        coalesce(r.dns.rrtype, r.dns.queries[1].rrtype,
            json_extract_string(r.dns.query, '$[0].rrtype')) as asked_type,
        try_cast('0x' || r.tcp.tcp_flags_ts as integer) as client_flags,
        try_cast('0x' || r.tcp.tcp_flags_tc as integer) as server_flags
    from documents
    where r.timestamp is not null
        and ((r.src_ip is not null and r.dest_ip is not null and r.proto is not null)
            or (r.event_type in ('stats', 'engine') and json_exists(message, '$.' || r.event_type)))
),
timed as (
    select
        *,
        -- a flow is written when it ends
        type in ('flow', 'netflow') and iso_ts(start) is not null as is_span,
        case
            when type in ('flow', 'netflow') then coalesce(iso_ts(start), iso_ts(r.timestamp))
            else iso_ts(r.timestamp)
        end as wall,
        regexp_matches(r.timestamp, '(Z|[+-]\d\d:?\d\d)$') as has_zone
    from known
)
select
    evidence, line, offset_bytes,
    if(has_zone, wall, in_utc(wall, zone)) as ts,
    if(is_span, if(has_zone, iso_ts(stop), in_utc(iso_ts(stop), zone)), null) as ts_end,
    case when wall is null then 'none' when has_zone then 'exact' else zone_quality(zone) end
        as ts_quality,
    if(is_span, 'started', null) as ts_label,
    case
        when type in ('alert', 'anomaly') then 'alert'
        when type in ('dns', 'mdns') then 'dns'
        when type in ('http', 'http2') then 'http'
        when type = 'ssh' then 'ssh'
        when type = 'fileinfo' then 'file'
        when type in ('stats', 'engine') then 'system'
        else 'network'
    end as category,
    case
        when type in ('dns', 'mdns') then
            case when r.dns.type in ('answer', 'response') then 'answer' else 'query' end
        when type in ('http', 'http2') then coalesce(lower(r.http.http_method), 'unknown')
        when type = 'netflow' then 'flow'
        when type = 'drop' then 'block'
        when type = 'ssh' then 'connect'
        when type = 'fileinfo' then 'transfer'
        else type
    end as activity,
    case
        when coalesce(r.verdict.action, r.alert.action, r.flow.action) in ('blocked', 'drop', 'reject')
            or type = 'drop' then 'denied'
        when type = 'alert' then if(r.alert.action = 'allowed', 'ok', 'unknown')
        when type in ('http', 'http2') then case
            when r.http.status in ('401', '403', '429') then 'denied'
            when r.http.status[1] in ('4', '5') then 'failed'
            when r.http.status is null then 'unknown'
            else 'ok'
        end
        when type in ('dns', 'mdns') then if(r.dns.rcode != 'NOERROR', 'failed', 'ok')
        -- a client that asked for a connection (SYN) and a server that never agreed
        when type = 'flow' and client_flags & 2 = 2 and server_flags & 2 = 0 then 'failed'
        when type in ('stats', 'engine', 'anomaly') then 'unknown'
        else 'ok'
    end as outcome,
    case
        when type = 'alert' then
            case r.alert.severity when '1' then 4 when '2' then 3 when '3' then 2 else 1 end
        when type = 'anomaly' then 2
        when type in ('http', 'http2') then
            http_severity(r.http.status)
        when type = 'stats' then 0
        else 1
    end as severity,
    coalesce(r.alert.signature, r.anomaly.event, r.anomaly.code, r.drop.reason,
        if(type in ('http', 'http2'), r.http.status, null), r.dns.rcode, r.fileinfo.state,
        r.flow.state) as status,
    if(type in ('stats', 'engine'), null, r.flow_id) as session, r.host as node,
    coalesce(r.http.http_user_agent, r.ssh.client.software_version) as user_agent,
    src as src_ip, try_cast(r.src_port as usmallint) as src_port,
    dst as dst_ip, try_cast(r.dest_port as usmallint) as dst_port,
    coalesce(asked, r.http.hostname, r.tls.sni) as dst_name,
    if(r.http.url is null, null, 'url') as object_kind, r.http.url as object_name,
    if(type = 'fileinfo', r.fileinfo.filename, null) as file_path,
    coalesce(r.fileinfo.sha256, r.fileinfo.sha1, r.fileinfo.md5) as file_hash,
    concat_ws(' ',
        case when type in ('stats', 'engine') then 'suricata ' || type else coalesce(
            r.alert.signature, r.anomaly.event, type) end,
        if(type in ('alert', 'flow', 'tls'), r.app_proto, null), r.proto,
        src || coalesce(':' || r.src_port, ''), if(src is null, null, '→'),
        dst || coalesce(':' || r.dest_port, ''),
        asked_type, asked, if(asked is null, null, r.dns.rcode),
        coalesce(r.dns.rdata,
            array_to_string(list_transform(r.dns.answers, lambda a: a.rdata), ', ')),
        r.http.http_method, r.http.hostname, r.http.url,
        if(type = 'http', r.http.status, null),
        r.tls.version, r.tls.sni, r.tls.subject,
        r.ssh.client.software_version, r.ssh.server.software_version,
        r.fileinfo.filename, r.fileinfo.size || ' bytes',
        if(is_span, (coalesce(r.flow.bytes_toserver + r.flow.bytes_toclient, r.netflow.bytes)
            || ' bytes'), null)) as message
from timed
