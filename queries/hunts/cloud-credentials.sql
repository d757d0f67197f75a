-- id: cloud-credentials
-- title: The cloud's instance metadata asked for from a container, or its credentials used elsewhere
-- attack: T1552.005
-- severity: high
-- needs: network process api http alert dns cloud
with sessions as (
    -- of an instance's role: the same key from several addresses
    select session
    from events
    where category = 'cloud' and session is not null and src_ip is not null
        and regexp_matches(coalesce(actor, ''), ':assumed-role/[^/]+/i-[0-9a-zA-Z]+$')
        and not src_ip like '%.amazonaws.com'
    group by session
    having count(distinct src_ip) > 1
)
select ts, evidence, path, line, part, actor, namespace, pod, message
from events
where category = 'network' and dst_ip in ('169.254.169.254', 'fd00:ec2::254', '168.63.129.16')
        and (pod is not null or container_id is not null)
    or category in ('process', 'api', 'alert') and regexp_matches(coalesce(cmdline, message),
        '169\.254\.169\.254|\[fd00:ec2::254\]|metadata\.google\.internal|100\.100\.100\.200/')
    or category = 'http' and regexp_matches(url_decode(coalesce(object_name, '')),
        '169\.254\.169\.254|metadata\.google\.internal|/latest/meta-data/iam')
    or category = 'dns' and activity = 'query' and coalesce(object_name, dst_name, '') like 'metadata.google.internal%'
        and pod is not null
    or category = 'cloud' and session in (select session from sessions)
