-- id: network-captures
-- title: Listeners and peers that other captures do not have
-- what: network
-- against: capture, siblings
with sockets as (
    select *, json_extract_string(fields, '$.proto') as proto,
        json_extract_string(fields, '$.name') as name,
        exists (
            select 1 from events as other
            where other.evidence = events.evidence and other.format = 'capture_socket'
                and other.activity = 'listen' and other.src_port = events.src_port
        ) as is_served
    from events
    where (evidence = $evidence or list_contains($others, evidence))
        and format = 'capture_socket' and json_extract_string(fields, '$.proto') != 'unix'
),
keyed as (
    -- a connection's own port is drawn anew each time: the peer is what can be compared
    select
        *,
        case when activity = 'listen' then 'listens' when is_served then 'inbound'
            else 'outbound' end as direction,
        case
            when activity = 'listen' then concat_ws('|', regexp_replace(proto, '6$', ''), src_port)
            when is_served then concat_ws('|', src_port, dst_ip)
            else concat_ws('|', dst_ip, dst_port)
        end as key
    from sockets
),
mine as (
    select direction, key, arg_min(struct_pack(name, pid, proto, status, src_ip, src_port, dst_ip,
            dst_port, dst_name, evidence, line), line) as r, count(*) as sockets
    from keyed where evidence = $evidence group by all
),
theirs as (
    select direction, key, arg_min(struct_pack(name, pid, proto, status, src_ip, src_port, dst_ip,
            dst_port, dst_name, evidence, line), line) as r, count(distinct evidence) as captures
    from keyed where evidence != $evidence group by direction, key
)
select
    case when mine.key is null then 2 when direction = 'outbound' then 4
        when direction = 'listens' then 4 else 2 end as severity,
    if(mine.key is null, 'only there', 'only here') as difference,
    direction, coalesce(mine.r.name, theirs.r.name, '?') as process,
    coalesce(mine.r.pid, theirs.r.pid) as pid, coalesce(mine.r.proto, theirs.r.proto) as proto,
    coalesce(mine.r.status, theirs.r.status) as state,
    coalesce(mine.r.src_port, theirs.r.src_port) as local_port,
    coalesce(mine.r.dst_ip, theirs.r.dst_ip) as peer_ip,
    coalesce(mine.r.dst_port, theirs.r.dst_port) as peer_port,
    coalesce(mine.r.dst_name, theirs.r.dst_name) as peer,
    coalesce(mine.sockets, 0) as sockets,
    coalesce(mine.r.evidence || ':' || mine.r.line, theirs.r.evidence || ':' || theirs.r.line)
        as citation
from mine
full join theirs using (direction, key)
where theirs.key is null or (mine.key is null and theirs.captures = len($others))
order by severity desc, direction, local_port, peer_ip, peer_port, citation
limit $limit
