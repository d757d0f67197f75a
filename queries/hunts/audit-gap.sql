-- id: audit-gap
-- title: Minutes without any API audit, where it speaks all the time
-- attack: T1562.008
-- severity: medium
-- needs: api
-- The first event after each hole. Nodes renew their leases every ten seconds: a minute is never empty.
with minutes as (
    select coalesce(cluster, '') as cluster_name, date_trunc('minute', ts) as minute, count(*) as event_count
    from events
    where category = 'api' and ts is not null
    group by all
),
usual as (
    select cluster_name
    from minutes
    group by cluster_name
    having count(*) >= 5 and median(event_count) >= 20
),
holes as (
    select cluster_name, minute
    from minutes
    where cluster_name in (select cluster_name from usual)
    qualify date_diff('minute', lag(minute) over (partition by cluster_name order by minute), minute)
        between 5 and 1440
)
select ts, evidence, path, line, part, actor, namespace, pod, message
from events
join holes on holes.cluster_name = coalesce(cluster, '') and date_trunc('minute', ts) = holes.minute
where category = 'api'
qualify row_number() over (partition by holes.cluster_name, holes.minute order by ts, path, line) = 1
