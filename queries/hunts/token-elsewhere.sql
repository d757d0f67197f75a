-- id: token-elsewhere
-- title: Service accounts used from where none of their pods is
-- attack: T1528 T1550.001
-- severity: high
-- needs: api
-- Whose address it was when the call came is known from recordings and dumps of pods. A pod's calls
-- may leave with its node's address. Where an address is nobody's: what comes from outside of private
-- ranges, or of an account whose pods were seen elsewhere before.
with seen as (
    select
        ts, dst_ip as ip,
        coalesce(json_extract(fields, '$.object.spec'), json_extract(fields, '$.spec')) as spec,
        coalesce(json_extract_string(fields, '$.object.status.hostIP'),
            json_extract_string(fields, '$.status.hostIP')) as host_ip,
        namespace
    from events
    where category = 'workload' and object_kind = 'pods' and dst_ip is not null and ts is not null
),
leases as (
    select
        ts, ip,
        'system:serviceaccount:' || namespace || ':'
            || coalesce(json_extract_string(spec, '$.serviceAccountName'), 'default') as account
    from seen
    where spec is not null and ip is distinct from host_ip
),
nodes as (
    select src_ip as ip
    from events
    where category = 'api' and actor like 'system:node:%' and outcome = 'ok' and src_ip is not null
    union
    select host_ip
    from seen
    where host_ip is not null
),
accounts as (
    select account, min(ts) as first_ts
    from leases
    group by account
),
calls as (
    select ts, evidence, path, line, part, actor, namespace, pod, message, src_ip
    from events
    where category = 'api' and outcome = 'ok' and starts_with(actor, 'system:serviceaccount:')
        and not is_system(actor) and src_ip is not null and ts is not null
        and src_ip not in ('127.0.0.1', '::1') and src_ip not in (select ip from nodes)
)
select calls.ts, evidence, path, line, part, actor, namespace, pod, message
from calls
asof left join leases on leases.ip = calls.src_ip and calls.ts >= leases.ts
left join accounts on accounts.account = calls.actor
where case
        when leases.account is not null then leases.account != calls.actor
        else (calls.actor, src_ip) not in (select (account, ip) from leases)
            and (is_outside(src_ip) or coalesce(accounts.first_ts <= calls.ts, false))
    end
