-- id: store
-- title: The batch as rows of `events`, with line numbers and offsets instead of row keys
with pairs as (
    select root, part, unnest(cites) as cited
    from batch
    where cites is not null
),
spans as (
    select
        pairs.root, pairs.part,
        list(
            {
                'line': raw.real_line::ubigint,
                'offset_bytes': raw.offset_bytes::ubigint,
                'size_bytes': raw.size_bytes::ubigint
            }
            order by raw.real_line
        ) as cites
    from pairs
    join raw on raw.line = pairs.cited
    where pairs.cited != pairs.root
    group by all
),
-- several records may begin on one line (a list in one line of JSON): the place of each is its own
shared as (
    select distinct file, real_line
    from raw
    where line_count = 0
),
numbered as (
    select
        batch.root, batch.part,
        row_number() over (
            partition by raw.file, raw.real_line order by batch.root, batch.part
        ) - 1 as part_of_line
    from batch
    join raw on raw.line = batch.root
    semi join shared on shared.file = raw.file and shared.real_line = raw.real_line
)
select
    $first_seq + batch.root as seq,
    batch.ts + to_microseconds(coalesce(files.skew_us, 0)) as ts,
    batch.ts_end + to_microseconds(coalesce(files.skew_us, 0)) as ts_end,
    if(batch.ts is null, 'none', coalesce(batch.ts_quality, 'exact')) as ts_quality,
    batch.ts_label,
    coalesce(batch.category, 'system') as category, batch.activity,
    coalesce(batch.outcome, 'unknown') as outcome, batch.status, batch.severity,
    batch.actor, batch.actor_type, batch.groups, batch.session, batch.user_agent,
    batch.src_ip, batch.src_port, batch.dst_ip, batch.dst_port, batch.dst_name,
    batch.object_kind, batch.object_name, batch.subresource, batch.file_path, batch.file_hash,
    coalesce(batch.cluster, files.cluster) as cluster,
    coalesce(batch.node, files.node) as node,
    coalesce(batch.namespace, files.namespace) as namespace,
    coalesce(batch.workload, files.workload) as workload,
    coalesce(batch.pod, files.pod) as pod,
    coalesce(batch.container, files.container) as container,
    coalesce(batch.container_id, files.container_id) as container_id,
    batch.image, batch.cloud_account, batch.region,
    batch.pid, batch.ppid, batch.exe, batch.cmdline,
    batch.message, batch.fields,
    files.evidence, files.path,
    raw.real_line as line, coalesce(numbered.part_of_line, batch.part) as part,
    if(batch.part = 0, raw.line_count, 0) as line_count,
    raw.offset_bytes, raw.size_bytes,
    spans.cites,
    batch.format
from batch
join raw on raw.line = batch.root
join files using (file)
left join spans on spans.root = batch.root and spans.part = batch.part
left join numbered on numbered.root = batch.root and numbered.part = batch.part
