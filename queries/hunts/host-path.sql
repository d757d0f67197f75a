-- id: host-path
-- title: Pods that mount the node's own folders
-- attack: T1611
-- severity: high
-- needs: bodies workload
select ts, evidence, path, line, part, actor, namespace, pod, message
from pod_specs
where regexp_matches(fields,
    '"hostPath"\s*:\s*\{[^}]*"path"\s*:\s*"/+((proc|sys|dev|etc|root|home|boot|usr|lib|bin|sbin|var/lib/(kubelet|docker|containerd|containers|etcd|rancher)|var/log|var/spool/cron|run|var/run|host)(/[^"]*)?|var/?|\.?)"')
    -- what every pod of a node agent has
    and not regexp_full_match(array_to_string(regexp_extract_all(fields,
        '"hostPath"\s*:\s*\{[^}]*"path"\s*:\s*"([^"]*)"', 1), ' '),
        '((/etc/(localtime|timezone|machine-id|ssl/certs|pki|ca-certificates)|/usr/share/(zoneinfo|ca-certificates)|/lib/modules|/run/xtables\.lock)( |$))+')
qualify category = 'api'
    or row_number() over (partition by category, object_kind, namespace, object_name order by ts) = 1
