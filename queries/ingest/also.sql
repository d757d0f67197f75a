-- id: also
-- title: What each event of a chunk says beyond its message and fields, in their order
select place, also_of(
        cluster, node, namespace, workload, pod, container, container_id, program, is_whole,
        actor, session, user_agent, src_ip, dst_ip, dst_name, object_name, file_path, file_hash,
        image, cloud_account, region, exe, cmdline, message, fields) as also
from placed
