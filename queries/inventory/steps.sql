-- id: steps
-- title: The steps of some objects, or some steps by their numbers, in their order
select
    step, cluster, namespace, name, life, coalesce(uid, '') as uid, ts, origin, effect, verb,
    coalesce(subresource, '') as subresource, coalesce(who, '') as who, coalesce(agent, '') as agent,
    coalesce(body_kind, '') as body_kind, created, grace_s, coalesce(note, '') as note,
    evidence, path, line, part,
    body_at.evidence as body_evidence, body_at.path as body_path, body_at.line as body_line,
    body_at.part as body_part
from steps
where kind = $kind and ($as_of::timestamp is null or ts <= $as_of::timestamp)
    and ($steps::bigint[] is null or step in (select unnest($steps::bigint[])))
    and ($objects::struct(cluster varchar, namespace varchar, name varchar)[] is null
        or {'cluster': cluster, 'namespace': namespace, 'name': name} in (
            select unnest($objects::struct(cluster varchar, namespace varchar, name varchar)[])))
order by step
