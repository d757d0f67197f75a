-- id: network-spec
-- title: Who listens and talks, against declared ports and network policies; or all sockets
-- what: network
-- against: spec, all
with manifests as (
    select
        json_extract_string(fields, '$.declared.ports[*].port') as ports,
        -- of a container that was found by its id alone nobody says it
        json_extract(fields, '$.declared.ports') is not null as is_told,
        coalesce(json_extract_string(fields, '$.declared.host_network') = 'true', false)
            as is_host_network
    from events
    where evidence = $evidence and format = 'capture_other' and activity = 'manifest'
),
sockets as (
    select *, json_extract_string(fields, '$.proto') as proto,
        json_extract_string(fields, '$.name') as name,
        json_extract_string(fields, '$.peer_kind') as peer_kind,
        json_extract_string(fields, '$.policy') as policy,
        -- of what a sampling saw and was gone at its end
        try_cast(json_extract_string(fields, '$.last_s') as double)
            - try_cast(json_extract_string(fields, '$.first_s') as double) as lived_s,
        json_extract_string(fields, '$.looks') || ' of '
            || json_extract_string(fields, '$.of_looks') || ' looks' as looks
    from events
    where evidence = $evidence and format = 'capture_socket'
        and json_extract_string(fields, '$.proto') != 'unix'
),
listening as (
    select distinct src_port from sockets where activity = 'listen'
),
judged as (
    select
        sockets.*,
        case
            when activity = 'listen' then 'listens'
            when src_port in (select src_port from listening) then 'inbound'
            else 'outbound'
        end as direction,
        is_told,
        list_contains(ports, src_port::varchar) as is_declared,
        exists (
            select 1 from events as earlier
            where list_contains($earlier, earlier.evidence) and earlier.format = 'capture_socket'
                and earlier.activity = sockets.activity
                and (earlier.activity = 'listen' and earlier.src_port = sockets.src_port
                    or earlier.activity != 'listen' and earlier.dst_ip = sockets.dst_ip)
        ) as was_seen
    from sockets cross join manifests
),
reasons as (
    select
        *,
        case
            when direction = 'listens' and not is_told
                then {'w': 'listens; which ports are declared is not known', 's': 2}
            when direction = 'listens' and not is_declared and src_ip in ('127.0.0.1', '::1')
                then {'w': 'listens on an undeclared port, for itself only', 's': 2}
            when direction = 'listens' and not is_declared
                then {'w': 'listens on an undeclared port', 's': 4}
            when direction = 'outbound' and peer_kind = 'metadata'
                then {'w': 'talks to the cloud''s metadata', 's': 5}
            when direction = 'outbound' and peer_kind = 'outside'
                then {'w': 'talks to the outside', 's': 4}
            when direction = 'outbound' and peer_kind = 'api server'
                then {'w': 'talks to the API server', 's': 3}
            when direction = 'outbound' and peer_kind in ('node', 'pod')
                then {'w': 'talks to a ' || peer_kind || ' without a service', 's': 3}
        end as why
    from judged
)
select
    if(policy = 'not allowed', greatest(coalesce(why.s, 1), 4), coalesce(why.s, 1)) as severity,
    concat_ws(' · ', coalesce(why.w, direction),
        if(policy = 'not allowed', 'no network policy allows it, and it is there', null),
        if(lived_s is not null, 'gone again, seen for ' || round(lived_s, 2) || ' s', null),
        if(was_seen or len($earlier) = 0, null, 'first seen')) as why,
    coalesce(name, '?') as process, pid, proto, status as state, src_ip as local_ip,
    src_port as local_port, dst_ip as peer_ip, dst_port as peer_port, dst_name as peer,
    is_declared, if(len($earlier) = 0, null, not was_seen) as is_first_seen, policy, looks,
    evidence || ':' || line as citation
from reasons
where why is not null or policy = 'not allowed' or $everything
order by severity desc, direction != 'listens', status = 'time-wait', proto, local_port, peer_ip,
    peer_port, line
limit $limit
