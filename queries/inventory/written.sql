-- id: written
-- title: What somebody made or changed in a stretch of time, one row per object
-- $actor '' is anybody but the cluster's own controllers; a recording tells of no actor at all.
with mine as (
    select
        kind, cluster, namespace, name, life, uid, ts, effect, who, agent, origin, created,
        {'evidence': evidence, 'path': path, 'line': line, 'part': part} as place
    from steps
    where effect in ('create', 'write') and coalesce(subresource, '') not in ('status', 'binding')
        and kind in (select unnest($kinds::varchar[]))
        and ($since::timestamp is null or ts >= $since::timestamp)
        and ($until::timestamp is null or ts <= $until::timestamp)
        and (who = $actor or ($actor = ''
            and coalesce(who, '') not like 'system:serviceaccount:kube-system:%'
            and coalesce(who, '') not like 'system:node:%'
            and coalesce(who, '') not in ('system:apiserver', 'system:kube-controller-manager',
                'system:kube-scheduler')
            and coalesce(agent, '') not like 'kubecase/%'))
)
select
    kind, cluster, namespace, name, coalesce(max(uid), '') as uid,
    bool_or(effect = 'create') as is_made,
    min(ts) as first_ts, max(ts) as last_ts,
    min(ts) filter (effect = 'create') as made_ts,
    coalesce(arg_min(who, ts), '') as who, coalesce(arg_min(agent, ts), '') as agent,
    count(*)::bigint as step_count,
    min(place).evidence as evidence, min(place).path as path,
    min(place).line as line, min(place).part as part
from mine
group by kind, cluster, namespace, name, life
order by first_ts, kind, namespace, name, life
limit $limit
