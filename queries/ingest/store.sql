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
            partition by raw.file, raw.real_line order by batch.root, batch.part
        ) - 1 as part_of_line
    from raw
    join batch on batch.root = raw.line
    semi join shared on shared.file = raw.file and shared.real_line = raw.real_line
),
rows as (
    select
        $first_seq + batch.root as seq,
        batch.ts + to_microseconds(coalesce(files.skew_us, 0)) as ts,
        batch.ts_end + to_microseconds(coalesce(files.skew_us, 0)) as ts_end,
        if(batch.ts is null, 'none', coalesce(batch.ts_quality, 'exact')) as ts_quality,
        batch.ts_label,
        coalesce(batch.category, 'system') as category, batch.activity,
        coalesce(batch.outcome, 'unknown') as outcome, batch.status, batch.severity,
        batch.actor, batch.actor_type, batch.groups, batch.session,
        if(masked.place is null, batch.user_agent, masked.user_agent) as user_agent,
        batch.src_ip, batch.src_port, batch.dst_ip, batch.dst_port, batch.dst_name,
        batch.object_kind,
        if(masked.place is null, batch.object_name, masked.object_name) as object_name,
        batch.subresource, batch.file_path, batch.file_hash,
        coalesce(batch.cluster, files.cluster) as cluster,
        coalesce(batch.node, files.node) as node,
        coalesce(batch.namespace, files.namespace) as namespace,
        coalesce(batch.workload, files.workload) as workload,
        coalesce(batch.pod, files.pod) as pod,
        coalesce(batch.container, files.container) as container,
        coalesce(batch.container_id, files.container_id) as container_id,
        batch.image, batch.cloud_account, batch.region,
        batch.pid, batch.ppid, batch.exe,
        if(masked.place is null, batch.cmdline, masked.cmdline) as cmdline,
        if(masked.place is null, batch.message, masked.message) as message,
        case
            when masked.place is not null then masked.fields
            when batch.is_whole then raw.message
            else batch.fields
        end as fields,
        files.evidence, files.path,
        raw.real_line as line, coalesce(numbered.part_of_line, batch.part) as part,
        if(batch.part = 0, raw.line_count, 0) as line_count,
        raw.offset_bytes, raw.size_bytes,
        spans.cites,
        batch.format, batch.is_whole, batch.program
    from raw
    join batch on batch.root = raw.line
    join files on files.file = raw.file
    left join masked on masked.place = batch.place
    left join spans on spans.place = batch.place
    left join numbered on numbered.place = batch.place
)
select
    * exclude (is_whole, program),
    -- an analyst types an address or a name and means the whole line: what its text lacks is kept for
    -- the search; a record that is kept whole has all but what the file's place says
    nullif(concat_ws(chr(10),
        lacking(cluster, message, fields), lacking(node, message, fields),
        lacking(namespace, message, fields), lacking(workload, message, fields),
        lacking(pod, message, fields), lacking(container, message, fields),
        lacking(container_id, message, fields), lacking(program, message, fields),
        if(is_whole, null, nullif(concat_ws(chr(10),
            lacking(actor, message, fields), lacking(session, message, fields),
            lacking(user_agent, message, fields), lacking(src_ip, message, fields),
            lacking(dst_ip, message, fields), lacking(dst_name, message, fields),
            lacking(object_name, message, fields), lacking(file_path, message, fields),
            lacking(file_hash, message, fields), lacking(image, message, fields),
            lacking(cloud_account, message, fields), lacking(region, message, fields),
            lacking(exe, message, fields), lacking(cmdline, message, fields)), ''))), '') as also
from rows
