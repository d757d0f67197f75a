-- id: steps
-- title: The steps of some objects, in their order
select
    step, cluster, namespace, name, life, coalesce(uid, '') as uid, ts, origin, effect, verb,
    coalesce(subresource, '') as subresource, coalesce(who, '') as who, coalesce(agent, '') as agent,
    coalesce(body_kind, '') as body_kind, created, grace_s, coalesce(note, '') as note,
    evidence, path, line, part,
    body_at.evidence as body_evidence, body_at.path as body_path, body_at.line as body_line,
    body_at.part as body_part
from steps
where kind = $kind and ($as_of::timestamp is null or ts <= $as_of::timestamp)
    and (cluster, namespace, name) in (
        select (o.cluster, o.namespace, o.name)
        from (select unnest($objects::struct(cluster varchar, namespace varchar, name varchar)[]) as o)
    )
order by step
