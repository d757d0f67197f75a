-- id: kubelet-direct
-- title: The kubelet's own API used, past the API server's checks
-- attack: T1609 T1613
-- severity: high
-- needs: api network http
-- What metrics collectors ask is left out.
select ts, evidence, path, line, part, actor, namespace, pod, message
from events
where category = 'api' and object_kind = 'nodes' and subresource = 'proxy' and outcome = 'ok'
        and not is_system(actor)
        and not regexp_matches(coalesce(json_extract_string(fields, '$.requestURI'), ''),
            '/proxy/(metrics(/[a-z]+)?|healthz|stats/summary)/?(\?[^/]*)?$')
    or category = 'network' and dst_port = 10255 and activity not in ('listen', 'bind')
    or category = 'network' and dst_port = 10250 and is_outside(src_ip)
        and outcome not in ('denied', 'failed')
    or regexp_matches(coalesce(cmdline, ''), ':102(50|55)/(run|exec|pods|runningpods|attach|portForward|containerLogs|logs)\b')
