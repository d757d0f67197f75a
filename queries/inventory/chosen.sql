-- id: chosen
-- title: Some steps by their numbers
select
    step, cluster, namespace, name, life, coalesce(uid, '') as uid, ts, origin, effect, verb,
    coalesce(subresource, '') as subresource, coalesce(who, '') as who, coalesce(agent, '') as agent,
    coalesce(body_kind, '') as body_kind, created, grace_s, coalesce(note, '') as note,
    evidence, path, line, part,
    body_at.evidence as body_evidence, body_at.path as body_path, body_at.line as body_line,
    body_at.part as body_part
from steps
where kind = $kind and step in (select unnest($steps::bigint[]))
order by step
