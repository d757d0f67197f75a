-- id: odd-registry
-- title: Images from a registry that hardly anything else in the cluster uses
-- attack: T1525
-- severity: medium
-- needs: bodies workload
with images as (
    select
        *,
        list_distinct(list_transform(
            regexp_extract_all(fields, '"image"\s*:\s*"([^"]+)"', 1),
            -- a first part with a dot, a port or localhost is a registry; else it is Docker Hub's
            lambda i: coalesce(nullif(regexp_extract(i, '^([^/]*[.:][^/]*|localhost)/', 1), ''), 'docker.io')))
            as registries
    from pod_specs
),
used as (
    select registry, count(distinct coalesce(namespace, '') || '/'
        || coalesce(workload, object_name, pod, '')) as user_count
    from (select namespace, workload, object_name, pod, unnest(registries) as registry from images)
    group by registry
),
odd as (
    select registry
    from used
    where user_count = 1 and (select sum(user_count) from used) >= 10
        and not regexp_matches(registry,
            '^(registry\.k8s\.io|k8s\.gcr\.io|quay\.io|gcr\.io|ghcr\.io|docker\.io|mcr\.microsoft\.com|public\.ecr\.aws)$')
)
select ts, evidence, path, line, part, actor, namespace, pod, message
from images
where list_has_any(registries, (select list(registry) from odd))
qualify row_number() over (partition by category, object_kind, namespace, object_name order by ts) = 1
