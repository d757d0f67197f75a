-- id: placed
-- title: A chunk's events with what is known of their files, where they do not say it themselves
create or replace temp view placed as
select
    batch.* replace (
        coalesce(batch.cluster, files.cluster) as cluster,
        coalesce(batch.node, files.node) as node,
        coalesce(batch.namespace, files.namespace) as namespace,
        coalesce(batch.workload, files.workload) as workload,
        coalesce(batch.pod, files.pod) as pod,
        coalesce(batch.container, files.container) as container,
        coalesce(batch.container_id, files.container_id) as container_id,
        if(batch.is_whole, batch.text, batch.fields) as fields
    ),
    files.evidence, files.path, files.skew_us
from batch
join files using (file);
