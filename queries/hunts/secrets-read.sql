-- id: secrets-read
-- title: Several secrets read, one after the other or by a list
-- attack: T1552.007
-- severity: medium
-- needs: api
with reads as (
    select
        ts, evidence, path, line, part, actor, namespace, pod, message,
        coalesce(src_ip, '') as address, coalesce(user_agent, '') as agent,
        coalesce(namespace, '') || '/' || object_name as secret
    from events
    where category = 'api' and object_kind = 'secrets' and activity = 'get' and outcome = 'ok'
        and object_name is not null and ts is not null and not is_system(actor)
),
counted as (
    select
        *,
        count(distinct secret) over (partition by actor, address, agent order by ts
            range between interval 10 minutes preceding and current row) as before_count,
        count(distinct secret) over (partition by actor, address, agent order by ts
            range between current row and interval 10 minutes following) as after_count
    from reads
)
select ts, evidence, path, line, part, actor, namespace, pod, message
from counted
where greatest(before_count, after_count) >= 3
union all
select ts, evidence, path, line, part, actor, namespace, pod, message
from events
where category = 'api' and object_kind = 'secrets' and activity in ('list', 'watch')
    and outcome = 'ok' and namespace is not null and not is_system(actor)
