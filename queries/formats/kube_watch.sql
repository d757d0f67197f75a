-- id: kube_watch
-- title: kubecase's recording of a cluster's watches
-- kind: record
-- fields: message
-- rank: 5
-- recognise: ^\{"kubecase":"watch/v1","at":
-- example: {"kubecase":"watch/v1","at":"2026-11-24T19:29:10.101381Z","cluster":"prod-eu","kind":"pods","type":"ADDED","object":{"kind":"Pod","apiVersion":"v1","metadata":{"name":"web","namespace":"shop","uid":"u","creationTimestamp":"2026-11-24T19:29:09Z"},"spec":{"nodeName":"lab-node","containers":[{"name":"c","image":"lab/shop:1"}]},"status":{"phase":"Pending"}}}
-- example: {"kubecase":"watch/v1","at":"2026-11-24T19:29:10.101381Z","cluster":"prod-eu","kind":"events","type":"LISTED","object":{"kind":"Event","apiVersion":"v1","metadata":{"name":"e","namespace":"shop"},"involvedObject":{"kind":"Pod","name":"web","namespace":"shop"},"reason":"BackOff","message":"Back-off restarting failed container","type":"Warning","count":4,"firstTimestamp":"2026-11-24T19:20:00Z","lastTimestamp":"2026-11-24T19:28:00Z","source":{"component":"kubelet","host":"lab-node"}}}
-- example: {"kubecase":"watch/v1","at":"2026-11-24T19:31:00.000000Z","cluster":"prod-eu","kind":"pods","type":"DELETED","inferred":true,"reason":"gone within a gap","object":{"kind":"Pod","metadata":{"name":"web","namespace":"shop","uid":"u"}}}
-- example: {"kubecase":"watch/v1","at":"2026-11-24T19:30:00.000000Z","cluster":"prod-eu","kind":"secrets","type":"HIDDEN","namespace":"shop","reason":"no right to list secrets in shop"}
-- example: {"kubecase":"watch/v1","at":"2026-11-24T19:31:10.000000Z","cluster":"unix:///run/docker.sock","kind":"containers.docker","type":"ADDED","name":"web","uid":"8ef491c1","object":{"Id":"8ef491c1","Name":"/web","State":{"Status":"created"}}}
-- yields: workload
-- source: console/live/recorder.py
-- `ts` is when a version reached the watcher; of a Kubernetes Event it is when that was last seen.
-- `kind` is the resource with its group (`deployments.apps`); `type` and `object` are the watch's.
-- An engine's object is as its inspect gives it; its name and id stand before it.
with documents as (
    select evidence, line, offset_bytes, message,
        from_json(message, '{"at": "VARCHAR", "cluster": "VARCHAR", "kind": "VARCHAR",
            "type": "VARCHAR", "namespace": "VARCHAR", "inferred": "BOOLEAN", "reason": "VARCHAR",
            "name": "VARCHAR", "uid": "VARCHAR",
            "object": {"kind": "VARCHAR",
                "metadata": {"name": "VARCHAR", "namespace": "VARCHAR", "uid": "VARCHAR",
                    "ownerReferences": [{"kind": "VARCHAR", "name": "VARCHAR"}]},
                "spec": {"nodeName": "VARCHAR", "serviceAccountName": "VARCHAR",
                    "containers": [{"name": "VARCHAR", "image": "VARCHAR"}],
                    "template": {"spec": {"containers": [{"name": "VARCHAR", "image": "VARCHAR"}]}}},
                "status": {"phase": "VARCHAR", "podIP": "VARCHAR",
                    "containerStatuses": [{"containerID": "VARCHAR"}]},
                "involvedObject": {"kind": "VARCHAR", "name": "VARCHAR", "namespace": "VARCHAR",
                    "fieldPath": "VARCHAR"},
                "regarding": {"kind": "VARCHAR", "name": "VARCHAR", "namespace": "VARCHAR"},
                "reason": "VARCHAR", "message": "VARCHAR", "note": "VARCHAR", "type": "VARCHAR",
                "count": "VARCHAR", "firstTimestamp": "VARCHAR", "lastTimestamp": "VARCHAR",
                "eventTime": "VARCHAR", "series": {"lastObservedTime": "VARCHAR"},
                "source": {"component": "VARCHAR", "host": "VARCHAR"},
                "reportingComponent": "VARCHAR"}}') as r
    from lines
    where starts_with(message, '{"kubecase":"watch/v1"') and json_valid(message)
),
deliveries as (
    select
        evidence, line, offset_bytes, message, r, r.object as o,
        iso_ts(r.at) as arrived,
        split_part(r.kind, '.', 1) as resource,
        coalesce(r.object.involvedObject.kind, r.object.regarding.kind) as about_kind,
        coalesce(r.object.involvedObject.name, r.object.regarding.name) as about_name,
        -- a Kubernetes Event tells of something else; that it was deleted tells of itself
        split_part(r.kind, '.', 1) = 'events' and r.type != 'DELETED'
            and coalesce(r.object.involvedObject.kind, r.object.regarding.kind) is not null
            as is_event,
        case r.type
            when 'LISTED' then 'observed' when 'ADDED' then 'created'
            when 'MODIFIED' then 'changed' when 'DELETED' then 'deleted'
            when 'SYNCED' then 'listed' when 'UNSERVED' then 'not served'
            else lower(r.type)
        end as verb
    from documents
    where r.type is not null and r.kind is not null
)
select
    evidence, line, offset_bytes,
    if(is_event, coalesce(iso_ts(o.series.lastObservedTime), iso_ts(o.lastTimestamp),
        iso_ts(o.eventTime), iso_ts(o.firstTimestamp), arrived), arrived) as ts,
    if(arrived is null, 'none', 'exact') as ts_quality,
    if(is_event, 'last seen', 'received') as ts_label,
    'workload' as category,
    if(is_event, coalesce(o.reason, 'event'), verb) as activity,
    case
        when is_event and o.type = 'Warning' then 'failed'
        when is_event then 'ok'
        when r.type = 'HIDDEN' then 'denied'
        when r.type = 'LOST' then 'failed'
        when r.type in ('ADDED', 'MODIFIED', 'DELETED') then 'ok'
        else 'unknown'
    end as outcome,
    case
        when is_event and o.type = 'Warning' or r.type = 'LOST' then 3
        when r.type in ('DELETED', 'HIDDEN') then 2
        else 1
    end as severity,
    o.status.phase as status,
    if(is_event, coalesce(o.source.component, nullif(o.reportingComponent, '')), null) as actor,
    if(is_event, 'system', null) as actor_type,
    if(is_event, resource_of(about_kind), resource) as object_kind,
    if(is_event, about_name, coalesce(o.metadata.name, r.name)) as object_name,
    r.cluster as cluster,
    coalesce(if(is_event, coalesce(o.involvedObject.namespace, o.regarding.namespace), null),
        o.metadata.namespace, nullif(r.namespace, '')) as namespace,
    case when is_event and about_kind = 'Pod' then about_name
        when resource = 'pods' then o.metadata.name end as pod,
    coalesce(o.spec.nodeName, o.source.host, if(resource = 'nodes', o.metadata.name, null),
        if(about_kind = 'Node', about_name, null)) as node,
    case
        when resource in ('deployments', 'replicasets', 'statefulsets', 'daemonsets', 'jobs',
            'cronjobs') then o.metadata.name
        when is_event and about_kind in ('Deployment', 'ReplicaSet', 'StatefulSet', 'DaemonSet',
            'Job', 'CronJob') then about_name
        else o.metadata.ownerReferences[1].name
    end as workload,
    if(is_event, nullif(regexp_extract(o.involvedObject.fieldPath, '\{([^}]+)\}', 1), ''),
        coalesce(o.spec.containers[1].name, if(r.kind = 'containers.docker', r.name, null)))
        as container,
    coalesce(regexp_replace(o.status.containerStatuses[1].containerID, '^\w+://', ''),
        if(r.kind = 'containers.docker', r.uid, null)) as container_id,
    coalesce(o.spec.containers[1].image, o.spec.template.spec.containers[1].image) as image,
    o.status.podIP as dst_ip,
    if(is_event,
        concat_ws(' ', o.reason, lower(about_kind) || '/' || about_name,
            coalesce(o.message, o.note),
            if(try_cast(o.count as integer) > 1, '(' || o.count || ' times)', null)),
        concat_ws(' ', verb, coalesce(o.kind, resource),
            coalesce(o.metadata.namespace || '/', '') || coalesce(o.metadata.name, r.name), o.status.phase,
            'on ' || o.spec.nodeName, o.spec.containers[1].image,
            o.spec.template.spec.containers[1].image, nullif(r.reason, ''),
            if(r.inferred, '(inferred)', null))) as message
from deliveries
