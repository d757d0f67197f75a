-- id: pod-identity-use
-- title: Where its service account was used from
-- entity: pod
with accounts as (
    select distinct
        'system:serviceaccount:' || namespace || ':' || coalesce(
            fields ->> '$.responseObject.spec.serviceAccountName',
            fields ->> '$.requestObject.spec.serviceAccountName',
            fields ->> '$.spec.serviceAccountName',
            'default'
        ) as actor
    from events
    where pod = $value
        and object_kind = 'pods'
        and activity in ('create', 'observed')
        and subresource is null
        and ($as_of::timestamp is null or ts <= $as_of)
),
mine as (
    select
        actor,
        -- a bound token names the pod that it was made for; another pod's use of it is a theft
        fields ->> '$.user.extra."authentication.kubernetes.io/pod-name"[0]' as token_pod,
        src_ip, user_agent, outcome, ts,
        {
            'timed': ts is not null, 'ts': ts, 'evidence': evidence, 'path': path,
            'line': line, 'part': part
        } as place
    from events
    join accounts using (actor)
    where ($as_of::timestamp is null or ts <= $as_of)
),
grouped as (
    select
        actor, token_pod, src_ip, user_agent,
        count(*)::bigint as event_count,
        count(*) filter (outcome in ('denied', 'failed'))::bigint as bad_count,
        min(ts) as first_ts, max(ts) as last_ts, max(place) as cited
    from mine
    group by all
)
select
    actor, token_pod, src_ip, user_agent,
    event_count, bad_count, first_ts, last_ts,
    cited.evidence, cited.path, cited.line, cited.part
from grouped
order by event_count desc, actor, token_pod, src_ip, user_agent
limit $limit
