-- id: add_files
-- title: Files of this run, with what its place says: the names that logs of containers have
-- source: kubelet /var/log/pods/NAMESPACE_POD_UID/CONTAINER/N.log and
-- /var/log/containers/POD_NAMESPACE_CONTAINER-ID.log; docker containers/ID/ID-json.log;
-- must-gather (openshift/oc pkg/cli/admin/inspect/pod.go, and the Insights operator's likeness);
-- troubleshoot.sh support bundles (replicatedhq/troubleshoot pkg/collect/logs.go)
insert into files
with given as (
    select unnest(
        $files::struct(
            file integer, evidence varchar, path varchar, header varchar, file_ts timestamp,
            settings struct(
                zone varchar, year integer, skew_us bigint, node varchar, cluster varchar))[],
        recursive := true)
),
places as (
    select
        *,
        regexp_extract(path, '(?:^|/)([a-z0-9.-]+)_([a-z0-9.-]+)_[0-9a-f-]+/([a-z0-9.-]+)/[0-9]+\.log',
            ['namespace', 'pod', 'container']) as pods,
        regexp_extract(path, '(?:^|/)([a-z0-9.-]+)_([a-z0-9.-]+)_([a-z0-9.-]+)-([0-9a-f]{64})\.log',
            ['pod', 'namespace', 'container', 'id']) as links,
        regexp_extract(path, '(?:^|/)([0-9a-f]{64})-json\.log', 1) as engine_id,
        regexp_extract(path,
            '(?:^|/)namespaces/([a-z0-9.-]+)/pods/([a-z0-9.-]+)/(?:[a-z0-9.-]+)/([a-z0-9.-]+)/logs/[^!]+$',
            ['namespace', 'pod', 'container']) as gathered,
        regexp_extract(path,
            '(?:^|/)cluster-resources/pods/logs/([a-z0-9.-]+)/([a-z0-9.-]+)/([a-z0-9.-]+?)(?:-previous)?\.log$',
            ['namespace', 'pod', 'container']) as bundled
    from given
)
select
    file, evidence, path, header, file_ts, zone, year, skew_us, cluster, node,
    coalesce(nullif(pods.namespace, ''), nullif(links.namespace, ''), nullif(gathered.namespace, ''),
        nullif(bundled.namespace, '')) as namespace,
    null as workload,
    coalesce(nullif(pods.pod, ''), nullif(links.pod, ''), nullif(gathered.pod, ''),
        nullif(bundled.pod, '')) as pod,
    coalesce(nullif(pods.container, ''), nullif(links.container, ''), nullif(gathered.container, ''),
        nullif(bundled.container, '')) as container,
    coalesce(nullif(links.id, ''), nullif(engine_id, '')) as container_id
from places
