-- id: gathered_log
-- title: Container logs in a must-gather or a troubleshoot.sh support bundle
-- kind: envelope
-- rank: 3
-- recognise: .
-- path: (^|/)(namespaces/[^/]+/pods/[^/]+/[^/]+/[^/]+/logs/[^/!]+|cluster-resources/pods/logs/[^/]+/[^/]+/[^/]+\.log)$
-- example: 2023-11-02T06:12:08.604390676Z I1102 06:12:08.604739       1 test_app.go:242] My Info LogMessage
-- example: hello from runPod
-- yields: system
-- source: openshift/oc pkg/cli/admin/inspect/pod.go; replicatedhq/troubleshoot pkg/collect/logs.go
-- Told by the file's place, which says the pod too (queries/ingest/add_file.sql). Lines are as
-- `kubectl logs` gives them, with its time before them or without; rotated ones are the runtime's own.
with placed as (
    select
        evidence, line, offset_bytes, message,
        regexp_extract(message,
            '^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d))(?: ((?s:.*)))?$',
            ['stamp', 'text']) as p
    from lines
    where pod is not null and container is not null
        and regexp_matches(path,
            '(^|/)(namespaces/[^/]+/pods/[^/]+/[^/]+/[^/]+/logs/[^/!]+|cluster-resources/pods/logs/[^/]+/[^/]+/[^/]+\.log)$')
)
select
    evidence, line, offset_bytes, iso_ts(p.stamp) as ts,
    if(iso_ts(p.stamp) is null, null, 'exact') as ts_quality,
    if(iso_ts(p.stamp) is null, message, p.text) as message
from placed
