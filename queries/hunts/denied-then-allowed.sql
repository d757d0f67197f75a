-- id: denied-then-allowed
-- title: An identity that was refused several things within five minutes, then got something
-- attack: T1613
-- severity: medium
-- needs: api
-- The refusals, and the first success after them.
with calls as (
    select
        ts, evidence, path, line, part, actor, namespace, pod, message, outcome, object_kind,
        coalesce(src_ip, '') as address
    from events
    where category = 'api' and outcome in ('denied', 'ok') and actor is not null
        and ts is not null and not is_system(actor)
),
refusals as (
    select
        *, count(*) over recent as refused_count,
        count(distinct object_kind) over recent as kind_count, min(ts) over recent as since
    from calls
    where outcome = 'denied'
    window recent as (
        partition by actor, address order by ts
        range between interval 5 minutes preceding and current row
    )
),
bursts as (
    select actor, address, since, ts
    from refusals
    where refused_count >= 3 and kind_count >= 2
),
successes as (
    select calls.*, bursts.since, bursts.ts as refused_ts
    from calls
    asof join bursts
        on calls.actor = bursts.actor and calls.address = bursts.address and calls.ts > bursts.ts
    where calls.outcome = 'ok' and calls.ts <= bursts.ts + interval 10 minutes
        -- everybody may ask what he may
        and coalesce(calls.object_kind, '') not in ('selfsubjectaccessreviews',
            'selfsubjectrulesreviews', 'selfsubjectreviews', '')
    qualify row_number() over (
        partition by calls.actor, calls.address, bursts.ts order by calls.ts, calls.path, calls.line) = 1
)
select ts, evidence, path, line, part, actor, namespace, pod, message
from successes
union all
select ts, evidence, path, line, part, actor, namespace, pod, message
from refusals
where exists (
    select 1
    from successes
    where successes.actor = refusals.actor and successes.address = refusals.address
        and refusals.ts between successes.since and successes.refused_ts
)
