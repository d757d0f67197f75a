-- id: raw_lines
-- title: The rows of a chunk in the shape that formats read, with what their file says
create or replace temp view raw_lines as
select
    files.evidence, raw.line, raw.offset_bytes, raw.message,
    null::varchar as context, null::varchar as fields,
    null::timestamp as ts, null::varchar as ts_quality, null::varchar as ts_label,
    null::utinyint as severity, null::varchar as program,
    null::varchar as actor, null::varchar as src_ip,
    files.cluster, files.node, files.namespace, files.workload, files.pod,
    files.container, files.container_id,
    null::varchar as image, null::varchar as cloud_account, null::varchar as region,
    null::bigint as pid,
    files.path, files.header, files.file_ts, files.zone, files.year,
    raw.line as root, 0::bigint as part, null::bigint[] as cites, false as is_open
from raw
join files using (file);
