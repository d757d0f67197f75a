-- id: kinds
-- title: What kinds the evidence speaks of, each by one of its lines, and when
with spoken as (
    select
        -- a Kubernetes Event stands under the kind of what it is about
        case
            when ends_with(format, 'kube_objects') and activity != 'observed' then 'events'
            when ends_with(format, 'kube_watch') and ts_label = 'last seen' then 'events'
            else object_kind
        end as object_kind,
        case
            when ends_with(format, 'kube_watch') then 'watch'
            when ends_with(format, 'kube_objects') then 'dump'
            else 'audit'
        end as source,
        bool_or(namespace is not null) as is_namespaced,
        -- who looks for a kind proves nothing; a write or a successful look at one object does
        bool_or(category = 'workload' or object_name is not null
            or activity in ('create', 'update', 'patch', 'delete')) as is_told,
        min(ts) as first_ts, max(ts) as last_ts,
        min({'evidence': evidence, 'path': path, 'line': line, 'part': part}) as place,
        null::varchar as implied
    from events
    where ((category = 'api' and outcome = 'ok'
            and (ends_with(format, 'k8s_audit') or ends_with(format, 'gcp_audit')))
        or (category = 'workload'
            and (ends_with(format, 'kube_watch') or ends_with(format, 'kube_objects'))))
        and object_kind is not null
    group by all
    -- what was done in a namespace tells of it, what a kubelet did of its node
    union all
    select
        unnest(['namespaces', 'nodes']), 'audit', false,
        unnest([
            count(*) filter (namespace != '' and object_name is not null) > 0,
            count(*) filter (starts_with(actor, 'system:node:')) > 0]),
        min(ts), max(ts), first({'evidence': evidence, 'path': path, 'line': line, 'part': part}),
        unnest(['Namespace', 'Node'])
    from events
    where category = 'api' and outcome = 'ok' and ts is not null
        and (ends_with(format, 'k8s_audit') or ends_with(format, 'gcp_audit'))
)
select
    spoken.object_kind, source, is_namespaced, spoken.first_ts, spoken.last_ts,
    coalesce(case
        when implied is not null then 'v1'
        when source = 'watch' then json_extract_string(fields, '$.object.apiVersion')
        when source = 'dump' then json_extract_string(fields, '$.apiVersion')
        when ends_with(events.format, 'gcp_audit') then replace(array_to_string(string_split(
            json_extract_string(fields, '$.protoPayload.resourceName'), '/')[1:2], '/'), 'core/', '')
        else concat_ws('/', json_extract_string(fields, '$.objectRef.apiGroup'),
            json_extract_string(fields, '$.objectRef.apiVersion'))
    end, '') as api_version,
    coalesce(case
        when implied is not null then implied
        when source = 'watch' then json_extract_string(fields, '$.object.kind')
        when source = 'dump' then json_extract_string(fields, '$.kind')
        when json_extract_string(fields, '$.objectRef.subresource') is not null then null
        else coalesce(
            json_extract_string(fields, '$.requestObject.kind'),
            json_extract_string(fields, '$.responseObject.kind'))
    end, '') as kind,
    coalesce(if(source = 'watch', json_extract_string(fields, '$.kind'), ''), '') as key
from spoken
join events on events.evidence = place.evidence and events.line = place.line
    and events.part = place.part and events.path = place.path
where is_told
order by spoken.object_kind, source
