-- id: aws_elb
-- title: AWS load balancers' access logs (application, network with TLS, classic)
-- kind: record
-- rank: 34
-- recognise: ^(https?|h2|grpcs|wss?) \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z app/\S+ \S+:\d+ 
-- recognise: ^tls \d\.\d \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d net/
-- recognise: ^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z \S+ \S+:\d+ (\S+:\d+|-) -?[\d.]+ -?[\d.]+ -?[\d.]+ (\d{3}|-) (\d{3}|-) \d+ \d+ "
-- example: https 2023-04-26T12:23:00.186641Z app/shop/490d68edf04676fe 192.0.2.11:44740 10.0.0.1:80 0.086 0.048 0.037 200 200 0 57 "GET https://www.example.com:443/robots.txt HTTP/1.1" "curl/7.46.0" ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/my-targets/73e2d6bc24d8a067 "Root=1-58337281-1d84f3d73c47ec4e58577259" "www.example.com" "-" 1 2018-07-02T22:22:48.364000Z "forward" "-" "-" "10.0.0.1:80" "200" "-" "-"
-- example: tls 2.0 2018-12-20T02:59:40 net/shop/c6e77e28c25b2234 g3d4b5e8bb8464cd 192.0.2.154:51341 10.0.0.185:443 5 2 98 246 - arn:aws:acm:us-east-2:123456789012:certificate/2a108f19 - ECDHE-RSA-AES128-SHA tlsv12 - shop.example - - - 2018-12-20T02:59:30
-- example: 2015-05-13T23:39:43.945958Z my-loadbalancer 192.0.2.131:2817 10.0.0.1:80 0.000073 0.001048 0.000057 200 200 0 29 "GET http://www.example.com:80/ HTTP/1.1" "curl/7.38.0" - -
-- yields: http, network
-- source: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html, …/network/…, …/classic/access-log-collection.html
with parts as (
    select
        evidence, line, offset_bytes, message,
        regexp_extract(message,
            '^(?:(https?|h2|grpcs|wss?) )?(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z) (\S+) (\S+:\d+) (\S+) (-?[\d.]+) (-?[\d.]+) (-?[\d.]+) (\d{3}|-) (\d{3}|-) (\d+) (\d+) "(.*?)" "(.*?)" (\S+) (\S+)(.*)$',
            ['type', 'stamp', 'elb', 'client', 'target', 't1', 't2', 't3', 'status', 'behind',
                'received', 'sent', 'request', 'agent', 'cipher', 'tls', 'more']) as p,
        if(starts_with(message, 'tls '), string_split(message, ' '), null) as n
    from lines
),
requests as (
    select
        *,
        split_part(p.request, ' ', 1) as verb,
        -- always with scheme, host and port, what the client sent or not
        regexp_extract(p.request, '^\S+ \w+://(\[[^\]]*\]|[^:/]*):(\d+)(.*?)(?: HTTP/[\d.]+| - ?)?$',
            ['host', 'port', 'path']) as u,
        regexp_extract(p.more, ' (arn:aws[\w-]*:elasticloadbalancing:([\w-]*):(\d*):\S+)',
            ['arn', 'region', 'account']) as g
    from parts
    where p.client != ''
),
connections as (
    select *, iso_ts(n[3] || 'Z') as ended,
        regexp_extract(n[13], '^arn:aws[\w-]*:acm:([\w-]*):(\d*):', ['region', 'account']) as g
    from parts
    where len(n) >= 18 and contains(n[6], ':') and iso_ts(n[3] || 'Z') is not null
)
select
    evidence, line, offset_bytes, iso_ts(p.stamp) as ts, 'exact' as ts_quality,
    if(verb = '-', 'network', 'http') as category,
    if(verb = '-', 'connect', lower(verb)) as activity,
    case p.status[1] when '1' then 'ok' when '2' then 'ok' when '3' then 'ok' when '4' then
        if(p.status in ('401', '403', '429'), 'denied', 'failed') when '5' then 'failed'
        else if(verb = '-', 'ok', 'failed') end as outcome,
    p.status as status,
    http_severity(p.status) as severity,
    nullif(p.agent, '-') as user_agent,
    regexp_replace(regexp_replace(p.client, ':\d+$', ''), '[\[\]]', '', 'g') as src_ip,
    port_of(p.client) as src_port,
    address_of(p.target) as dst_ip, port_of(p.target) as dst_port,
    nullif(u.host, '') as dst_name, if(u.path = '', null, 'url') as object_kind,
    nullif(u.path, '') as object_name,
    nullif(g.region, '') as region, nullif(g.account, '') as cloud_account,
    concat_ws(' ', verb, nullif(u.path, ''), p.status, nullif(u.host, '')) as message,
    json_object('balancer', p.elb, 'type', nullif(p.type, ''), 'request', p.request,
        'target_status', nullif(p.behind, '-'), 'received_bytes', try_cast(p.received as bigint),
        'sent_bytes', try_cast(p.sent as bigint), 'cipher', nullif(p.cipher, '-'),
        'tls', nullif(p.tls, '-'), 'more', nullif(trim(p.more), '')) as fields,
    null::timestamp as ts_end, null as ts_label
from requests
union all by name
select
    evidence, line, offset_bytes,
    coalesce(iso_ts(n[22] || 'Z'), ended) as ts, 'exact' as ts_quality,
    if(iso_ts(n[22] || 'Z') is null, null, ended) as ts_end,
    if(iso_ts(n[22] || 'Z') is null, null, 'started') as ts_label,
    'network' as category, 'tls' as activity,
    -- without a handshake there is neither cipher nor version
    if(n[12] != '-' or n[16] = '-', 'failed', 'ok') as outcome,
    nullif(n[12], '-') as status, 1 as severity,
    regexp_replace(n[6], ':\d+$', '') as src_ip, port_of(n[6]) as src_port,
    address_of(n[7]) as dst_ip, port_of(n[7]) as dst_port, nullif(n[18], '-') as dst_name,
    nullif(g.region, '') as region, nullif(g.account, '') as cloud_account,
    concat_ws(' ', 'tls', n[6], '→', n[7], nullif(n[18], '-'), nullif(n[16], '-'),
        n[10] || '/' || n[11] || ' bytes') as message,
    json_object('balancer', n[4], 'listener', n[5], 'cipher', nullif(n[15], '-'),
        'received_bytes', try_cast(n[10] as bigint), 'sent_bytes', try_cast(n[11] as bigint),
        'certificate', nullif(n[13], '-')) as fields
from connections
