-- id: store
-- title: A chunk's events as rows of `events`: secrets masked, true lines and offsets for row keys
with pairs as (
    select place, root, unnest(cites) as cited
    from batch
    where cites is not null
),
spans as (
    select
        pairs.place,
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
    group by pairs.place
),
-- several records may begin on one line (a list in one line of JSON): the place of each is its own
shared as (
    select distinct file, real_line
    from raw
    where line_count = 0
),
numbered as (
    select
        batch.place,
        row_number() over (
            partition by batch.file, batch.real_line order by batch.root, batch.part
        ) - 1 as part_of_line
    from batch
    semi join shared on shared.file = batch.file and shared.real_line = batch.real_line
)
select
    $first_seq + placed.root as seq,
    placed.ts + to_microseconds(coalesce(placed.skew_us, 0)) as ts,
    placed.ts_end + to_microseconds(coalesce(placed.skew_us, 0)) as ts_end,
    if(placed.ts is null, 'none', coalesce(placed.ts_quality, 'exact')) as ts_quality,
    placed.ts_label,
    coalesce(placed.category, 'system') as category, placed.activity,
    coalesce(placed.outcome, 'unknown') as outcome, placed.status, placed.severity,
    placed.actor, placed.actor_type, placed.groups, placed.session,
    if(masked.place is null, placed.user_agent, masked.user_agent) as user_agent,
    placed.src_ip, placed.src_port, placed.dst_ip, placed.dst_port, placed.dst_name,
    placed.object_kind,
    if(masked.place is null, placed.object_name, masked.object_name) as object_name,
    placed.subresource, placed.file_path, placed.file_hash,
    placed.cluster, placed.node, placed.namespace, placed.workload, placed.pod, placed.container,
    placed.container_id, placed.image, placed.cloud_account, placed.region,
    placed.pid, placed.ppid, placed.exe,
    if(masked.place is null, placed.cmdline, masked.cmdline) as cmdline,
    if(masked.place is null, placed.message, masked.message) as message,
    if(masked.place is null, placed.fields, masked.fields) as fields,
    if(masked.place is null, placed.also, masked.also) as also,
    placed.evidence, placed.path,
    placed.real_line as line, coalesce(numbered.part_of_line, placed.part) as part,
    if(placed.part = 0, placed.line_count, 0) as line_count,
    placed.offset_bytes, placed.size_bytes,
    spans.cites,
    placed.format
from placed
left join masked on masked.place = placed.place
left join spans on spans.place = placed.place
left join numbered on numbered.place = placed.place
