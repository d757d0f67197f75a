-- id: add_file
-- title: A file of this run, with what its place says: kubelet's and the engine's names for logs
-- source: kubelet /var/log/pods/NAMESPACE_POD_UID/CONTAINER/N.log and
-- /var/log/containers/POD_NAMESPACE_CONTAINER-ID.log; docker containers/ID/ID-json.log
insert into files
with places as (
    select
        regexp_extract($path, '(?:^|/)([a-z0-9.-]+)_([a-z0-9.-]+)_[0-9a-f-]+/([a-z0-9.-]+)/[0-9]+\.log',
            ['namespace', 'pod', 'container']) as pods,
        regexp_extract($path, '(?:^|/)([a-z0-9.-]+)_([a-z0-9.-]+)_([a-z0-9.-]+)-([0-9a-f]{64})\.log',
            ['pod', 'namespace', 'container', 'id']) as links,
        regexp_extract($path, '(?:^|/)([0-9a-f]{64})-json\.log', 1) as engine_id
)
select
    $file, $evidence, $path, $header, $file_ts, $zone, $year, $skew_us, $cluster, $node,
    coalesce(nullif(pods.namespace, ''), nullif(links.namespace, '')) as namespace,
    null as workload,
    coalesce(nullif(pods.pod, ''), nullif(links.pod, '')) as pod,
    coalesce(nullif(pods.container, ''), nullif(links.container, '')) as container,
    coalesce(nullif(links.id, ''), nullif(engine_id, '')) as container_id
from places
