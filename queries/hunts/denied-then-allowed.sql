-- id: denied-then-allowed
-- title: An identity that was refused several things, then went on
-- attack: T1613
-- severity: medium
-- needs: api
with refused as (
    select
        actor, src_ip, count(*) as refused_count, count(distinct object_kind) as kind_count,
        max(ts) as last_refusal
    from events
    where category = 'api' and outcome = 'denied' and actor is not null
        and actor not like 'system:node:%' and actor not like 'system:kube-%'
    group by all
    having count(*) >= 3 and count(distinct object_kind) >= 2
)
select events.ts, evidence, path, line, part, events.actor, namespace, pod, message
from events
join refused on refused.actor = events.actor and refused.src_ip = events.src_ip
where category = 'api' and outcome = 'denied'
