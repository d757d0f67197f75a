-- id: leftover_inner
-- title: An unwrapped line that no record format knows is an event of its envelope
select
    root, part, cites, is_open, ts, coalesce(ts_quality, 'none') as ts_quality, ts_label, severity,
    'system' as category, 'log' as activity, 'unknown' as outcome,
    actor, src_ip, cluster, node, namespace, workload, pod, container, container_id, image,
    cloud_account, region, pid,
    if(program is null or program in ('stdout', 'stderr'), message, program || ': ' || message)
        as message,
    fields, $chain as format
from left_lines
