-- id: network-settings
-- title: How the container resolves names and reaches the network: DNS, hosts, addresses, routes, neighbours, rules, tracked connections
-- what: network
-- against: settings
with manifests as (
    select
        coalesce(json_extract_string(fields, '$.declared.host_aliases[*]'), []) as aliases,
        -- an engine's capture and an older one do not say which names the spec gives
        json_extract(fields, '$.declared.host_aliases') is not null as is_told,
        coalesce(json_extract_string(fields, '$.declared.host_network') = 'true', false)
            as is_host_network
    from events
    where evidence = $evidence and format = 'capture_other' and activity = 'manifest'
),
settings as (
    select
        activity, fields, evidence, line, dst_ip, dst_name,
        json_extract_string(fields, '$.name') as name,
        json_extract_string(fields, '$.peer_kind') as peer_kind,
        json_extract_string(fields, '$.chain') as chain,
        json_extract_string(fields, '$.value') as rule,
        count(*) filter (activity = 'rule') over () > 0 as is_listed
    from events
    where evidence = $evidence and format = 'capture_other'
        and activity in ('resolver', 'host', 'address', 'route', 'neighbour', 'interface', 'rules',
            'rule', 'flow')
),
own as (
    select list(dst_ip) as addresses from settings where activity = 'address'
),
judged as (
    select
        settings.*,
        case
            when activity = 'resolver' and name = 'nameserver'
                and peer_kind in ('pod', 'container')
                then {'w': 'names are resolved by a ' || peer_kind, 's': 4}
            when activity = 'resolver' and name = 'nameserver' and peer_kind = 'outside'
                then {'w': 'a name server that the cluster does not know', 's': 2}
            when activity = 'host' and is_told and dst_ip is not null
                and not list_contains(aliases, dst_ip)
                and not list_contains(coalesce(addresses, []), dst_ip)
                and not regexp_matches(dst_ip, '^(127\.|::1$|f[ef]0[0-9a-f]::)')
                then {'w': 'a name that the spec does not give', 's': 4}
            when activity = 'flow' and peer_kind = 'metadata'
                then {'w': 'talked to the cloud''s metadata', 's': 5}
            when activity = 'flow' and peer_kind = 'outside'
                then {'w': 'talked to the outside', 's': 3}
            when activity = 'rules' and not is_listed
                then {'w': 'could not look: the rules are told inside the namespace alone', 's': 2}
            when activity = 'rule' and is_host_network
                then {'w': 'of the node''s own network', 's': 1}
            when activity = 'rule' and regexp_matches(rule,
                    '-j (DNAT|REDIRECT|TPROXY)\b|\b(dnat|redirect|tproxy)( |$)')
                then {'w': 'sends traffic elsewhere', 's': 4}
            when activity = 'rule' and starts_with(chain, 'KC-')
                then {'w': 'named as kubecase names its isolation', 's': 1}
            when activity = 'rule' and regexp_matches(rule, '\b(DROP|REJECT|drop|reject)\b')
                then {'w': 'blocks traffic', 's': 3}
            when activity = 'rule'
                then {'w': 'a firewall rule inside the container''s network', 's': 2}
        end as why
    from settings cross join manifests cross join own
)
select
    coalesce(why.s, 1) as severity,
    case activity when 'resolver' then 'dns' when 'host' then 'hosts' when 'rules' then 'firewall'
        when 'rule' then 'firewall'
        when 'flow' then 'tracked' else activity end as setting,
    case activity
        when 'resolver' then concat_ws(' ', name, json_extract_string(fields, '$.value'))
        when 'host' then concat_ws(' ', dst_ip, name)
        when 'address' then dst_ip
        when 'route' then concat_ws(' ', json_extract_string(fields, '$.destination'), 'mask',
            json_extract_string(fields, '$.mask'), 'by', json_extract_string(fields, '$.gateway'),
            'on', json_extract_string(fields, '$.interface'))
        when 'neighbour' then concat_ws(' ', dst_ip, 'is at',
            json_extract_string(fields, '$.hardware'), 'on',
            json_extract_string(fields, '$.interface'))
        when 'interface' then concat_ws(' ', json_extract_string(fields, '$.interface'), 'sent',
            json_extract_string(fields, '$.sent_bytes'), 'received',
            json_extract_string(fields, '$.received_bytes'), 'bytes')
        when 'rule' then concat_ws(' ', json_extract_string(fields, '$.family'),
            json_extract_string(fields, '$.table'), chain, rule)
        when 'rules' then concat_ws(' ', name, 'tables in use:',
            json_extract_string(fields, '$.value'))
        else concat_ws(' ', json_extract_string(fields, '$.proto'),
            json_extract_string(fields, '$.local_ip') || ':'
                || json_extract_string(fields, '$.local_port'), '→',
            json_extract_string(fields, '$.remote_ip') || ':'
                || json_extract_string(fields, '$.remote_port'),
            json_extract_string(fields, '$.state'))
    end as value,
    dst_name as peer, coalesce(why.w, '') as why, evidence || ':' || line as citation
from judged
order by severity desc, activity, line
limit $limit
