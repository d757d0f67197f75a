-- id: haproxy
-- title: HAProxy traffic (httplog, httpslog, tcplog) and notices, also of ingress controllers
-- kind: record
-- rank: 34
-- recognise: ^\S+:\d{1,5} \[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d\.\d{3}\] \S
-- recognise: ^Connect from \S+:\d+ to \S+:\d+ \(\S+/(HTTP|TCP)\)$
-- recognise: ^(\[(NOTICE|WARNING|ALERT)\] +(\d+/\d+ )?\(\d+\) : )?((Backup )?Server \S+/\S+ (is|was) (UP|DOWN|stopping|going)|backend '?\S+ has no server available|[Pp]roxy \S+ (started|stopped))
-- recognise: ^\[(NOTICE|WARNING|ALERT)\] +(\d+/\d+ )?\(\d+\) : 
-- example: 117.136.40.129:14853 [14/Jan/2015:12:48:57.127] https-in~ shop/web-1 170/0/0/3/173 200 739 - - --NN 0/0/0/0/0 0/0 "GET /cart HTTP/1.1"
-- example: 127.0.0.1:59796 [26/Nov/2026:11:49:08.886] redis redis/r1 1/-1/3004 0 SC 1/1/0/0/3 0/0
-- example: 127.0.0.1:41474 [26/Nov/2026:11:49:07.771] secure/1: SSL handshake failure
-- yields: http, network, system
-- source: https://docs.haproxy.org/2.6/configuration.html#8.2; OpenShift router's server names pod:POD:SERVICE:PORT:ADDRESS:PORT
-- HAProxy writes quotes that a client sends as #22 or %22: the first ` "` begins the request.
with heads as (
    select
        evidence, line, offset_bytes, zone, message, ts as outer_ts, ts_quality as outer_quality,
        program,
        regexp_extract(message,
            '^(\S+):(\d{1,5}) \[(\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d\.\d{3})\] ((?s:.*))$',
            ['ip', 'port', 'stamp', 'rest']) as h
    from lines
),
traffic as (
    select
        *,
        try_strptime(h.stamp, '%d/%b/%Y:%H:%M:%S.%g') as wall,
        -- frontend backend/server, timers, and of HTTP the status
        regexp_extract(h.rest,
            '^(\S+) (\S+)/(\S+) (-?\d+(?:/-?\d+){4}) (-?\d+) \+?(\d+) \S+ \S+ (\S{4}) (\d+(?:/\+?\d+){4}) (\d+/\d+)(.*)$',
            ['front', 'back', 'server', 'timers', 'status', 'bytes', 'state', 'conns', 'queues', 'more'])
            as w,
        regexp_extract(h.rest,
            '^(\S+) (\S+)/(\S+) (-?\d+(?:/-?\d+){2}) \+?(\d+) (\S{2}) (\d+(?:/\+?\d+){4}) (\d+/\d+)(.*)$',
            ['front', 'back', 'server', 'timers', 'bytes', 'state', 'conns', 'queues', 'more']) as t,
        regexp_extract(h.rest, '^(\S+)/(\S+): (.*)$', ['front', 'bind', 'text']) as e
    from heads
    where h.ip != ''
),
kinds as (
    select
        *,
        case when w.front != '' then 'http' when t.front != '' then 'tcp'
            when e.front != '' then 'error' end as kind,
        coalesce(nullif(w.front, ''), nullif(t.front, ''), nullif(e.front, '')) as front,
        coalesce(nullif(w.back, ''), nullif(t.back, '')) as back,
        coalesce(nullif(w.server, ''), nullif(t.server, '')) as server,
        coalesce(nullif(w.state, ''), nullif(t.state, '')) as state,
        coalesce(nullif(w.timers, ''), nullif(t.timers, '')) as timers,
        try_cast(coalesce(nullif(w.bytes, ''), t.bytes) as bigint) as bytes,
        regexp_extract(w.more, '^(.*?) ?"([^"]*)"?(.*)$', ['captured', 'request', 'tls']) as q
    from traffic
),
requests as (
    select
        *,
        if(q.request in ('', '<BADREQ>'), null, split_part(q.request, ' ', 1)) as verb,
        nullif(split_part(q.request, ' ', 2), '') as target,
        -- a router of Kubernetes says there which pod it took
        regexp_extract(server, '^pod:([^:]+):([^:]+):([^:]*):([0-9a-fA-F.:]+):(\d+)$',
            ['pod', 'service', 'name', 'ip', 'port']) as p,
        regexp_extract(back, '^be_\w+:([^:]+):([^:]+)$', ['namespace', 'route']) as r
    from kinds
    where kind is not null and wall is not null
),
notices as (
    select
        evidence, line, offset_bytes, message,
        regexp_extract(message, '^(?:\[(\w+)\] +(?:\d+/\d+ )?\((\d+)\) : )?((?s:.*))$',
            ['level', 'pid', 'text']) as n,
        regexp_extract(message, '^Connect from (\S+):(\d+) to (\S+):(\d+) \((\S+)/(HTTP|TCP)\)$',
            ['src', 'sport', 'dst', 'dport', 'front', 'mode']) as c
    from heads
    where h.ip = '' and (
        program = 'haproxy'
        or regexp_matches(message, '^Connect from \S+:\d+ to \S+:\d+ \(\S+/(HTTP|TCP)\)$')
        or regexp_matches(message, '^\[(NOTICE|WARNING|ALERT)\] +(\d+/\d+ )?\(\d+\) : ')
        or regexp_matches(message, '^((Backup )?Server \S+/\S+ (is|was) (UP|DOWN|stopping|going)|backend ''?\S+ has no server available|[Pp]roxy \S+ (started|stopped))'))
)
select
    evidence, line, offset_bytes,
    -- the time of an envelope has a zone, this one has none
    if(outer_quality = 'exact', outer_ts, in_utc(wall, zone)) as ts,
    if(outer_quality = 'exact', 'exact', zone_quality(zone)) as ts_quality,
    if(kind = 'http', 'http', 'network') as category,
    case kind when 'http' then coalesce(lower(verb), 'unknown') when 'tcp' then 'connect'
        else 'error' end as activity,
    case
        when kind = 'error' then 'failed'
        when kind = 'http' and w.status in ('401', '403', '429') then 'denied'
        when kind = 'http' then case w.status[1]
            when '1' then 'ok' when '2' then 'ok' when '3' then 'ok' else 'failed' end
        -- who ended it, and when: P the proxy, - nobody; C while it connected
        when state[1] = 'P' then 'denied'
        when state[1] in ('S', 's', 'R', 'D', 'I') or state[2] in ('C', 'Q') then 'failed'
        else 'ok'
    end as outcome,
    coalesce(nullif(w.status, ''), state, e.text) as status,
    case
        when kind = 'error' then 3
        when kind = 'tcp' then if(state[1] in ('S', 's', 'R'), 3, 1)
        when w.status[1] = '4' then 2
        when w.status[1] in ('5', '-') then 4
        else 1
    end as severity,
    coalesce(address_of(regexp_replace(h.ip, '^::ffff:', '')), address_of(h.ip)) as src_ip,
    try_cast(h.port as usmallint) as src_port,
    nullif(p.ip, '') as dst_ip, try_cast(p.port as usmallint) as dst_port,
    nullif(r.namespace, '') as namespace, nullif(p.pod, '') as pod,
    -- the controller of HAProxy Technologies writes the host before the path
    nullif(regexp_extract(target, '^(?:https?://)?([A-Za-z0-9][^/]*)/', 1), '') as dst_name,
    if(target is null, null, 'url') as object_kind,
    regexp_replace(target, '^(https?://)?[A-Za-z0-9][^/]*/', '/') as object_name,
    case kind
        when 'http' then concat_ws(' ', q.request, w.status, back || '/' || server,
            if(regexp_full_match(state, '--..'), null, state))
        when 'tcp' then concat_ws(' ', 'tcp', h.ip || ':' || h.port, '→', back || '/' || server,
            bytes || ' bytes', if(state = '--', null, state))
        else concat_ws(' ', front || '/' || e.bind || ':', e.text)
    end as message,
    json_object('frontend', front, 'backend', back, 'server', server, 'timers', timers,
        'bytes', bytes, 'state', state, 'connections', coalesce(nullif(w.conns, ''),
            nullif(t.conns, '')), 'captured', nullif(trim(q.captured), ''),
        'tls', nullif(trim(q.tls), '')) as fields,
    null::bigint as pid
from requests
union all by name
select
    evidence, line, offset_bytes,
    if(c.src != '', 'network', 'system') as category,
    if(c.src != '', 'connect', 'log') as activity,
    case
        when c.src != '' then 'ok'
        when regexp_matches(n.text, ' is DOWN|has no server available') then 'failed'
        else 'unknown'
    end as outcome,
    case
        when regexp_matches(n.text, 'has no server available') then 4
        when n.level = 'ALERT' then 4
        when n.level = 'WARNING' or regexp_matches(n.text, ' is DOWN') then 3
        when n.level != '' or c.src != '' then 1
    end as severity,
    address_of(nullif(c.src, '')) as src_ip, try_cast(c.sport as usmallint) as src_port,
    address_of(nullif(c.dst, '')) as dst_ip, try_cast(c.dport as usmallint) as dst_port,
    try_cast(nullif(n.pid, '') as bigint) as pid,
    n.text as message
from notices
