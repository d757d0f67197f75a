-- id: load
-- title: Everything that the evidence says of the objects of some kinds, joined, in their order
-- source: k8s.io/apiserver audit.k8s.io/v1 (bodies); Kubernetes API concepts (deletion, finalizers)
-- The kinds stand in `wanted`. $cluster: what stands for a cluster that the evidence does not name.
insert into steps
with spoken as materialized (
    select distinct unnest(names) as object_kind
    from wanted
),
writes as materialized (
    select
        object_kind, cluster, namespace, object_name, activity as verb, coalesce(subresource, '') as subresource,
        actor, user_agent, coalesce(ts_end, ts) as ts, evidence, path, line, part, fields,
        ends_with(format, 'gcp_audit') as is_gcp
    from events
    where category = 'api' and outcome = 'ok'
        and activity in ('create', 'update', 'patch', 'delete', 'deletecollection')
        and object_kind in (select object_kind from spoken)
        and (subresource is null or subresource in ('status', 'scale', 'binding', 'eviction',
            'ephemeralcontainers', 'resize', 'finalize', 'approval'))
        and (ends_with(format, 'k8s_audit') or ends_with(format, 'gcp_audit'))
        and ts is not null
),
parsed as (
    select
        * exclude (fields),
        contains(fields, '"requestObject"') as has_request,
        json_extract_string(fields, ['$.objectRef.apiGroup', '$.requestURI',
            '$.responseObject.kind', '$.responseObject.metadata.name',
            '$.responseObject.metadata.namespace', '$.responseObject.metadata.uid',
            '$.responseObject.metadata.resourceVersion',
            '$.responseObject.metadata.creationTimestamp',
            '$.responseObject.metadata.deletionTimestamp',
            '$.responseObject.metadata.deletionGracePeriodSeconds',
            '$.responseObject.metadata.finalizers', '$.responseObject.status.phase',
            '$.responseObject.spec.finalizers', '$.requestObject.metadata.name',
            '$.requestObject.metadata.uid', '$.requestObject.gracePeriodSeconds',
            '$.requestObject.dryRun', '$.objectRef.uid']) as d,
        if(verb = 'deletecollection',
            json_extract_string(fields, '$.responseObject.items[*].metadata.name'), []) as items
    from writes
    where not is_gcp
    union all by name
    select
        * exclude (fields),
        contains(fields, '"request"') as has_request,
        json_extract_string(fields, ['$.protoPayload.resourceName', '$.protoPayload.methodName',
            '$.protoPayload.response."@type"', '$.protoPayload.response.metadata.name',
            '$.protoPayload.response.metadata.namespace', '$.protoPayload.response.metadata.uid',
            '$.protoPayload.response.metadata.resourceVersion',
            '$.protoPayload.response.metadata.creationTimestamp',
            '$.protoPayload.response.metadata.deletionTimestamp',
            '$.protoPayload.response.metadata.deletionGracePeriodSeconds',
            '$.protoPayload.response.metadata.finalizers', '$.protoPayload.response.status.phase',
            '$.protoPayload.response.spec.finalizers', '$.protoPayload.request.metadata.name',
            '$.protoPayload.request.metadata.uid', '$.protoPayload.request.gracePeriodSeconds',
            '$.protoPayload.request.dryRun', '$.none']) as d,
        if(verb = 'deletecollection',
            json_extract_string(fields, '$.protoPayload.response.items[*].metadata.name'),
            []) as items
    from writes
    where is_gcp
),
named as (
    select
        * exclude (d, namespace, object_name, subresource),
        -- GKE says the group in the path of the object, and sub-resources in the method only
        if(is_gcp, if(split_part(d[1], '/', 1) = 'core', '', split_part(d[1], '/', 1)),
            coalesce(nullif(d[1], 'null'), '')) as api_group,
        if(is_gcp and subresource = '', nullif(regexp_extract(d[2],
            '\.(status|scale|binding|eviction|ephemeralcontainers|resize|finalize|approval)\.[a-z]+$',
            1), ''), nullif(subresource, '')) as subresource,
        coalesce(nullif(d[2], 'null'), '') as uri,
        nullif(if(is_gcp, regexp_extract(d[3], '([A-Za-z]+)$', 1), d[3]), 'null') as answer_kind,
        coalesce(object_name, nullif(d[4], 'null'), nullif(d[14], 'null')) as name,
        coalesce(namespace, nullif(d[5], 'null'), '') as namespace,
        coalesce(nullif(d[6], 'null'), nullif(d[15], 'null'), nullif(d[18], 'null')) as uid,
        nullif(d[7], 'null') as version,
        iso_ts(d[8]) as created,
        iso_ts(d[9]) as deleting,
        coalesce(try_cast(d[10] as bigint), try_cast(d[16] as bigint), try_cast(
            nullif(regexp_extract(d[2], '[?&]gracePeriodSeconds=(\d+)', 1), '') as bigint)) as grace_s,
        if(d[3] is null, null, coalesce(d[11], '[]') not in ('[]', 'null')) as has_finalizers,
        d[12] as phase,
        coalesce(d[13], '[]') not in ('[]', 'null') as has_content,
        coalesce(d[17], '[]') not in ('[]', 'null')
            or regexp_matches(coalesce(d[2], ''), '[?&]dryRun=[^&]') as is_trial
    from parsed
),
answered as (
    select
        named.* exclude (has_finalizers, namespace),
        wanted.kind, wanted.kind_name,
        if(wanted.is_namespaced, namespace, '') as namespace,
        answer_kind is not null and answer_kind not in ('Status', 'DeleteOptions')
            and not ends_with(answer_kind, 'List')
            and (subresource is null or answer_kind = wanted.kind_name) as is_own,
        coalesce(has_finalizers, false) as has_finalizers
    from named
    join wanted on list_contains(wanted.names, named.object_kind)
        and list_contains(wanted.groups, named.api_group)
    where not is_trial
),
audited as (
    select
        kind, cluster, namespace, name, ts, 'audit' as origin, verb, subresource,
        actor as who, user_agent as agent,
        evidence, path, line, part,
        uid,
        if(is_own, version, null) as version,
        if(is_own, created, null) as created,
        coalesce(grace_s, if(deleting is null, null, 30)) as grace_s,
        if(is_own, has_finalizers, null) as has_finalizers,
        case
            when verb = 'create' and subresource is null then 'create'
            when verb = 'create' and subresource = 'eviction' then 'ask'
            when kind_name = 'Pod' and verb = 'delete' then if(not has_finalizers
                and (grace_s = 0 or phase in ('Succeeded', 'Failed')
                    -- the kubelet's own deletion is the last one
                    or (answer_kind is null and starts_with(actor, 'system:node:'))),
                'end', 'ask')
            when kind_name = 'Namespace' and verb = 'delete' then 'ask'
            when kind_name = 'Namespace' and subresource = 'finalize'
                then if(is_own and has_content, 'write', 'end')
            when verb = 'delete' then if(is_own and deleting is not null and has_finalizers,
                'ask', 'end')
            when is_own and deleting is not null and not has_finalizers and not has_content
                and (kind_name != 'Pod' or grace_s = 0) then 'end'
            else 'write'
        end as effect,
        case
            when is_own then 'full'
            when verb = 'delete' then null
            when subresource = 'scale' and (answer_kind = 'Scale' or has_request) then 'scale'
            when subresource = 'ephemeralcontainers' and answer_kind = 'EphemeralContainers'
                then 'ephemeral'
            when subresource = 'binding' and has_request then 'binding'
            when verb = 'patch' and has_request then 'patch'
            when verb = 'update' and subresource = 'status' and has_request then 'status'
            when verb in ('create', 'update') and subresource is null and has_request then 'full'
        end as body_kind,
        case
            when is_own or answer_kind in ('Scale', 'EphemeralContainers')
                then if(is_gcp, 'gcp_response', 'response')
            when has_request then if(is_gcp, 'gcp_request', 'request')
        end as body,
        case
            when not is_own and verb in ('create', 'update') and subresource is null and has_request
                then 'as it was asked for: what the server added is not in the log'
        end as note
    from answered
    where verb != 'deletecollection' and name is not null
),
watched as (
    select
        -- a Kubernetes Event is told under what it is about, at the time it was seen last
        cluster, if(ts_label = 'last seen', null, ts) as ts, evidence, path, line, part,
        json_extract_string(fields, ['$.at', '$.type', '$.object.metadata.name',
            '$.object.metadata.namespace', '$.object.metadata.uid',
            '$.object.metadata.resourceVersion', '$.object.metadata.creationTimestamp',
            '$.name', '$.namespace', '$.uid', '$.inferred', '$.reason', '$.kind', '$.cluster',
            '$.object.metadata.finalizers', '$.object.Created', '$.object.CreatedAt']) as d,
        coalesce(json_extract_string(fields, '$.object.apiVersion'),
            json_extract_string(fields, '$.object.Id'),  -- of an engine
            json_extract_string(fields, '$.object.Mountpoint')) is not null as has_object
    from events
    where category = 'workload' and ends_with(format, 'kube_watch') and ts is not null
        and if(ts_label = 'last seen', 'events', object_kind) in (select object_kind from spoken)
),
recorded as (
    select
        wanted.kind,
        coalesce(nullif(d[14], 'null'), cluster) as cluster,
        coalesce(nullif(d[4], 'null'), nullif(d[9], 'null'), '') as namespace,
        coalesce(nullif(d[3], 'null'), nullif(d[8], 'null')) as name,
        coalesce(ts, iso_ts(d[1])) as ts,
        if(d[2] = 'LISTED' or d[11] = 'true', 'list', 'watch') as origin,
        lower(d[2]) as verb, null::varchar as subresource,
        null::varchar as who, null::varchar as agent,
        evidence, path, line, part,
        coalesce(nullif(d[5], 'null'), nullif(d[10], 'null')) as uid,
        nullif(d[6], 'null') as version,
        iso_ts(coalesce(nullif(d[7], 'null'), d[16], d[17])) as created,
        null::bigint as grace_s,
        coalesce(d[15], '[]') not in ('[]', 'null') as has_finalizers,
        case d[2]
            when 'LISTED' then 'seen' when 'MODIFIED' then 'write' when 'DELETED' then 'end'
            else 'create'
        end as effect,
        if(has_object and coalesce(d[3], d[8]) is not null, 'full', null) as body_kind,
        'object' as body,
        nullif(nullif(d[12], 'null'), '') as note
    from watched
    join wanted on wanted.kind = d[13]
    where d[2] in ('LISTED', 'ADDED', 'MODIFIED', 'DELETED')
),
listed as (
    select
        -- an event of a dump stands under the kind of what it is about
        if(activity = 'observed', object_kind, 'events') as object_kind,
        cluster, evidence, path, line, part,
        json_extract_string(fields, ['$.metadata.name', '$.metadata.namespace', '$.metadata.uid',
            '$.metadata.resourceVersion', '$.metadata.creationTimestamp', '$.apiVersion',
            '$.kind', '$.metadata.finalizers']) as d
    from events
    where category = 'workload' and ends_with(format, 'kube_objects')
        and if(activity = 'observed', object_kind, 'events') in (select object_kind from spoken)
),
dumped as (
    select
        wanted.kind, cluster, coalesce(nullif(d[2], 'null'), '') as namespace, nullif(d[1], 'null') as name,
        coalesce(dumps.written, now()::timestamp) as ts, 'dump' as origin, 'dump' as verb,
        null::varchar as subresource, null::varchar as who, null::varchar as agent,
        listed.evidence, path, line, part,
        nullif(d[3], 'null') as uid, nullif(d[4], 'null') as version, iso_ts(d[5]) as created,
        null::bigint as grace_s, coalesce(d[8], '[]') not in ('[]', 'null') as has_finalizers,
        'seen' as effect, 'full' as body_kind, 'whole' as body, null::varchar as note
    from listed
    left join dumps using (evidence)
    join wanted on list_contains(wanted.names, listed.object_kind)
        and (d[6] is null or d[6] = 'null' or list_contains(wanted.groups,
            if(contains(d[6], '/'), split_part(d[6], '/', 1), '')))
    -- the kubelet's /runningpods/ gives uid and containers, and nothing of the pod as it is
    where nullif(d[3], 'null') is null or nullif(d[5], 'null') is not null
),
told as (
    select * from audited
    union all by name
    select * from recorded where name is not null
),
-- a deletion of a collection names what it deleted, or else hits what is known to be there
swept as (
    select
        kind, kind_name, cluster, namespace, verb, actor, user_agent, ts, evidence, path, line, part, items, uri,
        grace_s, regexp_matches(uri, '[?&](label|field)Selector=[^&]') as is_selective
    from answered
    where verb = 'deletecollection'
),
known as (
    select kind, cluster, namespace, name, min(ts) as first_ts
    from (
        select kind, cluster, namespace, name, ts from told
        union all
        select kind, cluster, namespace, name, coalesce(created, ts) from dumped
    )
    where name is not null
    group by all
),
-- what was only read, or entered, was there: before its first change, or though nothing else tells of it
looks as (
    select
        object_kind, cluster, coalesce(namespace, '') as namespace, object_name as name,
        min(coalesce(ts_end, ts)) as ts,
        arg_min({'evidence': evidence, 'path': path, 'line': line, 'part': part}, ts) as place
    from events
    where category = 'api' and outcome = 'ok'
        and (activity in ('exec', 'attach', 'portforward', 'proxy')
            or (activity = 'get' and subresource is null))
        and object_kind in (select object_kind from spoken) and object_name is not null
        and ts is not null
        and (ends_with(format, 'k8s_audit') or ends_with(format, 'gcp_audit'))
    group by all
),
kept_looks as (
    select looks.* exclude (namespace), wanted.*, if(is_namespaced, namespace, '') as namespace
    from looks
    join wanted on list_contains(wanted.names, looks.object_kind)
),
first_looks as (
    select kept_looks.*
    from kept_looks
    left join known on known.kind = kept_looks.kind
        and known.cluster is not distinct from kept_looks.cluster
        and known.namespace = kept_looks.namespace and known.name = kept_looks.name
    where known.first_ts is null or kept_looks.ts < known.first_ts
),
looked as (
    select
        first_looks.*, events.activity,
        ends_with(events.format, 'gcp_audit') as is_gcp,
        json_extract_string(fields, ['$.objectRef.apiGroup', '$.protoPayload.resourceName',
            '$.responseObject.kind', '$.responseObject.metadata.uid',
            '$.responseObject.metadata.resourceVersion',
            '$.responseObject.metadata.creationTimestamp']) as d
    from first_looks
    join events on events.evidence = place.evidence and events.path = place.path
        and events.line = place.line and events.part = place.part
    where events.category = 'api'
        and events.activity in ('get', 'exec', 'attach', 'portforward', 'proxy')
        and events.object_kind in (select object_kind from spoken)
),
read as (
    select
        kind, cluster, namespace, name, ts, 'audit' as origin, activity as verb,
        null::varchar as subresource, null::varchar as who, null::varchar as agent,
        place.evidence, place.path, place.line, place.part,
        if(d[3] = kind_name, nullif(d[4], 'null'), null) as uid,
        if(d[3] = kind_name, nullif(d[5], 'null'), null) as version,
        if(d[3] = kind_name, iso_ts(d[6]), null) as created,
        null::bigint as grace_s, null::boolean as has_finalizers, 'seen' as effect,
        if(d[3] = kind_name, 'full', null) as body_kind, 'response' as body,
        null::varchar as note
    from looked
    where list_contains(groups, if(is_gcp,
        if(split_part(d[2], '/', 1) = 'core', '', split_part(d[2], '/', 1)),
        coalesce(nullif(d[1], 'null'), '')))
),
-- so was the namespace of what was there, and the node whose kubelet spoke, if nothing else tells of it
implied as (
    select
        'namespaces' as object_kind, cluster, '' as namespace, namespace as name,
        min(coalesce(ts_end, ts)) as ts,
        arg_min(activity, ts) as verb,
        arg_min({'evidence': evidence, 'path': path, 'line': line, 'part': part}, ts) as place
    from events
    where category = 'api' and outcome = 'ok' and namespace is not null and namespace != ''
        and activity in ('get', 'create', 'update', 'patch', 'delete', 'exec', 'attach', 'portforward')
        and object_name is not null and object_kind != 'namespaces'
        and 'namespaces' in (select object_kind from spoken)
        and ts is not null and (ends_with(format, 'k8s_audit') or ends_with(format, 'gcp_audit'))
    group by cluster, events.namespace
    union all by name
    select
        'nodes' as object_kind, cluster, '' as namespace, actor[13:] as name,
        min(coalesce(ts_end, ts)) as ts,
        arg_min(activity, ts) as verb,
        arg_min({'evidence': evidence, 'path': path, 'line': line, 'part': part}, ts) as place
    from events
    where category = 'api' and outcome = 'ok' and starts_with(actor, 'system:node:')
        and len(actor) > 12 and 'nodes' in (select object_kind from spoken)
        and ts is not null and (ends_with(format, 'k8s_audit') or ends_with(format, 'gcp_audit'))
    group by cluster, actor
),
stood as (
    select
        wanted.kind, implied.cluster, '' as namespace, implied.name, implied.ts, 'audit' as origin,
        implied.verb,
        null::varchar as subresource, null::varchar as who, null::varchar as agent,
        implied.place.evidence, implied.place.path, implied.place.line, implied.place.part,
        null::varchar as uid,
        null::varchar as version, null::timestamp as created, null::bigint as grace_s,
        null::boolean as has_finalizers, 'seen' as effect, null::varchar as body_kind,
        null::varchar as body, null::varchar as note
    from implied
    join wanted on list_contains(wanted.names, implied.object_kind)
    left join known on known.kind = wanted.kind and known.name = implied.name
        and known.cluster is not distinct from implied.cluster
    left join read on read.kind = wanted.kind and read.name = implied.name
        and read.cluster is not distinct from implied.cluster
    -- who makes itself known is not there before it: a kubelet speaks before its node is made
    where known.first_ts is null and read.ts is null
),
collected as (
    select
        swept.kind, swept.cluster, known.namespace, known.name, ts, 'audit' as origin, verb,
        null::varchar as subresource, actor as who, user_agent as agent,
        evidence, path, line, part, null::varchar as uid, null::varchar as version,
        null::timestamp as created, grace_s, null::boolean as has_finalizers,
        case
            when is_selective and len(items) = 0 then 'maybe'
            when kind_name = 'Pod' and coalesce(grace_s, 1) != 0 then 'ask'
            else 'end'
        end as effect,
        null::varchar as body_kind, null::varchar as body,
        case
            when len(items) > 0 then 'deleted with its collection'
            when is_selective then 'perhaps deleted with a part of its collection'
            else 'inferred: all of its kind in the namespace were deleted'
        end as note
    from swept
    join known on known.kind = swept.kind and known.cluster is not distinct from swept.cluster
        and (swept.namespace = '' or known.namespace = swept.namespace)
        and known.first_ts < swept.ts
    where len(items) = 0 or list_contains(items, known.name)
),
ends as (
    select kind, cluster, namespace, name, uid, ts
    from told
    where effect = 'end'
),
-- a dump can't be younger than the end of what it shows, whatever its file says
placed as (
    select
        any_value(columns(dumped.* exclude (ts, note, evidence, path, line, part))),
        coalesce(min(ends.ts) - interval 1 microsecond, any_value(dumped.ts)) as ts,
        if(min(ends.ts) is null, null, 'from a dump whose file is younger than its content') as note,
        dumped.evidence, dumped.path, dumped.line, dumped.part
    from dumped
    left join ends on ends.kind = dumped.kind and ends.cluster is not distinct from dumped.cluster
        and ends.namespace = dumped.namespace and ends.name = dumped.name
        and (ends.uid is null or ends.uid = dumped.uid)
        and ends.ts > dumped.created and ends.ts <= dumped.ts
    where dumped.name is not null
    group by dumped.kind, dumped.evidence, dumped.path, dumped.line, dumped.part
),
everything as (
    select * from told
    union all by name
    select * from read
    union all by name
    select * from stood
    union all by name
    select * from collected
    union all by name
    select * from placed
),
-- one version that several sources show is one step: who did it is in the audit log
copies as (
    select
        * exclude (cluster),
        coalesce(nullif(cluster, ''), $cluster) as cluster,
        {'evidence': evidence, 'path': path, 'line': line, 'part': part} as place,
        uid is not null and version is not null and effect in ('create', 'write', 'seen') as is_dated
    from everything
),
numbered as (
    select
        *,
        row_number() over same as copy,
        first(if(body_kind = 'full' and body not in ('request', 'gcp_request'),
            {'at': place, 'body': body, 'created': created}, null) ignore nulls)
            over (same rows between unbounded preceding and unbounded following) as best
    from copies
    window same as (
        partition by kind, cluster, namespace, name, uid, version,
            if(is_dated, '', evidence || ':' || path || ':' || line || '.' || part)
        order by origin != 'audit', ts, evidence, path, line, part
    )
),
merged as (
    select
        * exclude (body, body_kind, created, place, copy, best, is_dated),
        if(is_dated and best is not null and coalesce(body_kind, '') != 'full', 'full', body_kind)
            as body_kind,
        if(is_dated and best is not null and coalesce(body_kind, '') != 'full', best.body, body)
            as body,
        if(is_dated and best is not null and coalesce(body_kind, '') != 'full', best.at, place)
            as body_at,
        coalesce(created, best.created) as created,
        row_number() over (partition by kind order by cluster, namespace, name, ts,
            case effect when 'create' then 1 when 'end' then 3 else 2 end,
            evidence, path, line, part) as step
    from numbered
    where copy = 1
),
-- a name is used by one object after the other
followed as (
    select
        *,
        case
            when lag(effect) over name_order is null then true
            when lag(effect) over name_order = 'end' then not (
                effect in ('end', 'ask', 'maybe')
                or coalesce(uid = lag(uid) over name_order, false))
            when effect = 'create' then not coalesce(
                uid = lag(uid) over name_order
                or ((uid is null or lag(uid) over name_order is null)
                    and origin != lag(origin) over name_order), false)
            else false
        end as is_new
    from merged
    window name_order as (partition by kind, cluster, namespace, name order by step)
),
counted as (
    select
        *, sum(is_new::int) over (partition by kind, cluster, namespace, name order by step) as round
    from followed
),
told_apart as (
    select
        *,
        coalesce(uid != last_value(uid ignore nulls) over (
            partition by kind, cluster, namespace, name, round order by step
            rows between unbounded preceding and 1 preceding), false) as is_other
    from counted
),
lived as (
    select
        * exclude (round, is_other, is_new),
        round + sum(is_other::int) over (
            partition by kind, cluster, namespace, name order by step) as life
    from told_apart
)
select
    kind, step, cluster, namespace, name, life,
    uid, version, ts, origin, effect, verb, subresource, who, agent, body_kind,
    if(body_kind is null, null, body) as body, body_at, created, grace_s, has_finalizers, note,
    coalesce(bool_or(body_kind is not null) over (
        partition by kind, cluster, namespace, name, life order by step
        rows between unbounded preceding and 1 preceding), false) as is_known,
    evidence, path, line, part
from lived
