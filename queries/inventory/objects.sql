-- id: objects
-- title: Every object of a kind that was there until a moment, and from which steps its body is made
-- base: the last step with a whole body; ahead: where there is none, the first later one; merges:
-- steps after base that change parts of it; blind_ts: the last change whose content is not known.
with mine as (
    select
        *,
        $as_of::timestamp is null or ts <= $as_of::timestamp as is_told
    from steps
    where kind = $kind
        and ($namespace = '' or namespace = $namespace)
        and ($name = '' or name = $name)
),
alive as (
    select
        cluster, namespace, name, life,
        max(step) filter (effect in ('create', 'write', 'seen') and is_told) as alive_step,
        max(step) filter (body_kind = 'full' and is_told) as base
    from mine
    group by all
),
lives as (
    select
        mine.cluster, mine.namespace, mine.name, mine.life,
        max(uid) as uid,
        if(arg_min(effect, step) = 'create', min(ts), least(min(ts), min(created))) as started,
        arg_min(effect, step) = 'create' or min(created) is not null as is_started,
        any_value(base) as base,
        min(step) filter (body_kind = 'full' and not is_told) as ahead,
        list(step order by step) filter (is_told and body_kind is not null and body_kind != 'full'
            and step > coalesce(base, -1)) as merges,
        max(ts) filter (is_told and body_kind is null and effect in ('write', 'create')
            and coalesce(subresource, '') not in ('status', 'binding') and step > coalesce(base, -1)) as blind_ts,
        max(ts) filter (is_told and body_kind is null and effect = 'write'
            and subresource = 'status' and step > coalesce(base, -1)) as blind_status_ts,
        arg_max(who, step) filter (is_told and subresource = 'status'
            and who like 'system:node:%') as reporter,
        max(step) filter (is_told) as last_step,
        arg_max(ts, step) filter (is_told) as last_ts,
        min(ts) filter (is_told and effect = 'end' and step > coalesce(alive_step, -1)) as end_ts,
        arg_min(note, step) filter (is_told and effect = 'end'
            and step > coalesce(alive_step, -1)) as end_note,
        min(ts) filter (is_told and effect = 'ask') as ask_ts,
        max(note) filter (is_told and effect = 'ask') as ask_note,
        max(ts) filter (is_told and effect = 'ask') + to_seconds(coalesce(max(grace_s) filter (
            is_told and effect = 'ask'), 30)) as due_ts,
        max(ts) as very_last_ts,
        arg_max(has_finalizers, step) filter (has_finalizers is not null and is_told) as is_held,
        max(note) filter (is_told and effect = 'maybe' and step > coalesce(alive_step, -1))
            as maybe_note
    from mine
    join alive on alive.life = mine.life and alive.name = mine.name
        and alive.namespace = mine.namespace and alive.cluster = mine.cluster
    group by all
),
-- an object whose end nobody saw was over when the next one of its name began
followed as (
    select
        *,
        lead(started) over (partition by cluster, namespace, name order by life) as next_ts
    from lives
)
select
    cluster, namespace, name, life, coalesce(uid, '') as uid, started, is_started, base, ahead,
    coalesce(merges, []) as merges, blind_ts, blind_status_ts, reporter, last_step, last_ts,
    coalesce(end_ts, if(next_ts <= $as_of::timestamp or $as_of::timestamp is null, next_ts, null))
        as end_ts,
    if(end_ts is null and next_ts is not null,
        'its end is not in the evidence: another of its name came after it', end_note) as end_note,
    ask_ts, ask_note,
    -- nothing says when it went: its time is long over (a kubelet that is busy needs longer than
    -- the grace period), and nothing was heard of it since
    if(end_ts is null and ask_ts is not null and not coalesce(is_held, false)
        and greatest(due_ts, very_last_ts) + interval 1 minute <= coalesce($as_of::timestamp, $until::timestamp),
        greatest(due_ts, last_ts), null) as due_ts,
    coalesce(is_held, false) as is_held, maybe_note
from followed
where $as_of::timestamp is null or started <= $as_of::timestamp
order by cluster, namespace, name, life
