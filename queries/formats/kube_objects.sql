-- id: kube_objects
-- title: Kubernetes objects (kubectl get -o json or yaml, cluster dumps)
-- kind: record
-- fields: message
-- rank: 18
-- recognise: "(apiVersion|kind)"\s*:.*"metadata"\s*:\s*\{
-- recognise: "metadata"\s*:\s*\{.*"(apiVersion|kind)"\s*:
-- recognise: "metadata"\s*:\s*\{.*"(spec|status|involvedObject)"\s*:\s*\{
-- example: {"apiVersion":"v1","kind":"Pod","metadata":{"name":"web","namespace":"shop","creationTimestamp":"2026-11-23T22:45:10Z","uid":"u"},"spec":{"nodeName":"lab-node","containers":[{"name":"c","image":"lab/shop:1"}]},"status":{"phase":"Running","podIP":"10.211.0.3"}}
-- example: {"apiVersion":"v1","kind":"Event","metadata":{"name":"e","namespace":"shop"},"involvedObject":{"kind":"Pod","name":"web","namespace":"shop"},"reason":"Started","message":"Started container c","type":"Normal","count":1,"firstTimestamp":"2026-11-23T22:45:10Z","lastTimestamp":"2026-11-23T22:45:11Z","source":{"component":"kubelet","host":"lab-node"}}
-- yields: workload
-- source: https://kubernetes.io/docs/reference/using-api/api-concepts/
with documents as (
    select evidence, line, offset_bytes, message, file_ts,
        from_json(message, '{"apiVersion": "VARCHAR", "kind": "VARCHAR",
            "metadata": {"name": "VARCHAR", "namespace": "VARCHAR", "uid": "VARCHAR",
                "creationTimestamp": "VARCHAR", "deletionTimestamp": "VARCHAR",
                "ownerReferences": [{"kind": "VARCHAR", "name": "VARCHAR"}]},
            "spec": {"nodeName": "VARCHAR", "serviceAccountName": "VARCHAR",
                "containers": [{"name": "VARCHAR", "image": "VARCHAR"}],
                "template": {"spec": {"containers": [{"name": "VARCHAR", "image": "VARCHAR"}]}}},
            "status": {"phase": "VARCHAR", "podIP": "VARCHAR", "hostIP": "VARCHAR",
                "containerStatuses": [{"containerID": "VARCHAR", "restartCount": "BIGINT"}]},
            "involvedObject": {"kind": "VARCHAR", "name": "VARCHAR", "namespace": "VARCHAR",
                "fieldPath": "VARCHAR"},
            "regarding": {"kind": "VARCHAR", "name": "VARCHAR", "namespace": "VARCHAR"},
            "reason": "VARCHAR", "message": "VARCHAR", "note": "VARCHAR", "type": "VARCHAR",
            "count": "VARCHAR", "firstTimestamp": "VARCHAR", "lastTimestamp": "VARCHAR",
            "eventTime": "VARCHAR", "source": {"component": "VARCHAR", "host": "VARCHAR"},
            "reportingComponent": "VARCHAR",
            "_context": {"kind": "VARCHAR"}}') as r
    from lines
    where ltrim(message)[1] = '{' and json_valid(message)
),
named as (
    select
        *,
        -- items of a PodList do not say that they are pods
        coalesce(r.kind, nullif(regexp_replace(r._context.kind, 'List$', ''), ''), case
            when json_exists(message, '$.spec.containers') then 'Pod'
            when json_exists(message, '$.status.nodeInfo') then 'Node'
            when r.involvedObject is not null then 'Event'
            when json_exists(message, '$.spec.template.spec') then 'Workload'
            else 'Object'
        end) as kind
    from documents
    where r.metadata is not null and coalesce(r.apiVersion, '') not like 'audit.k8s.io/%'
        and (r.kind is not null or r.involvedObject is not null
            or json_exists(message, '$.spec') or json_exists(message, '$.status'))
),
objects as (
    select
        *,
        kind = 'Event' and (r.involvedObject is not null or r.regarding is not null) as is_event,
        coalesce(r.involvedObject.kind, r.regarding.kind) as about_kind,
        coalesce(r.involvedObject.name, r.regarding.name) as about_name
    from named
)
select
    evidence, line, offset_bytes,
    iso_ts(if(is_event, coalesce(r.firstTimestamp, r.eventTime, r.lastTimestamp,
        r.metadata.creationTimestamp), r.metadata.creationTimestamp)) as ts,
    iso_ts(if(is_event, r.lastTimestamp, r.metadata.deletionTimestamp)) as ts_end,
    if(is_event, 'first seen', 'created') as ts_label,
    case when iso_ts(coalesce(r.firstTimestamp, r.eventTime, r.lastTimestamp,
        r.metadata.creationTimestamp)) is null then 'none' else 'exact' end as ts_quality,
    'workload' as category,
    if(is_event, coalesce(r.reason, 'event'), 'observed') as activity,
    if(is_event and r.type = 'Warning', 'failed', if(is_event, 'ok', 'unknown')) as outcome,
    if(is_event and r.type = 'Warning', 3, 1) as severity,
    r.status.phase as status,
    coalesce(r.source.component, nullif(r.reportingComponent, '')) as actor,
    if(is_event, 'system', null) as actor_type,
    resource_of(if(is_event, about_kind, kind)) as object_kind,
    if(is_event, about_name, r.metadata.name) as object_name,
    coalesce(r.involvedObject.namespace, r.regarding.namespace, r.metadata.namespace) as namespace,
    case when is_event and about_kind = 'Pod' then about_name when kind = 'Pod' then r.metadata.name end
        as pod,
    coalesce(r.spec.nodeName, r.source.host, if(kind = 'Node', r.metadata.name, null),
        if(about_kind = 'Node', about_name, null)) as node,
    case
        when kind in ('Deployment', 'ReplicaSet', 'StatefulSet', 'DaemonSet', 'Job', 'CronJob')
            then r.metadata.name
        when is_event and about_kind in ('Deployment', 'ReplicaSet', 'StatefulSet', 'DaemonSet', 'Job',
            'CronJob') then about_name
        else r.metadata.ownerReferences[1].name
    end as workload,
    if(is_event, nullif(regexp_extract(r.involvedObject.fieldPath, '\{([^}]+)\}', 1), ''),
        r.spec.containers[1].name) as container,
    regexp_replace(r.status.containerStatuses[1].containerID, '^\w+://', '') as container_id,
    coalesce(r.spec.containers[1].image, r.spec.template.spec.containers[1].image) as image,
    r.status.podIP as dst_ip,
    if(is_event,
        concat_ws(' ', r.reason, lower(about_kind) || '/' || about_name, coalesce(r.message, r.note),
            if(try_cast(r.count as integer) > 1, '(' || r.count || ' times)', null)),
        concat_ws(' ', kind, coalesce(r.metadata.namespace || '/', '') || r.metadata.name,
            r.status.phase, 'on ' || r.spec.nodeName, r.spec.containers[1].image,
            r.spec.template.spec.containers[1].image)) as message
from objects
