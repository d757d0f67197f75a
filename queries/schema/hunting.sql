-- id: hunting
-- title: What several hunts look at, said once; in the reader's memory, over its view `events`

-- The cluster's own components, by names that the API server gives out only to them.
create or replace macro is_component(actor) as
    regexp_matches(coalesce(actor, ''),
        '^system:(apiserver$|node:|node-problem-detector$|(kube|cloud|gcp|gke)-[a-z-]*(controller-manager|scheduler|proxy)$|serviceaccount:kube-system:(generic-garbage-collector|root-ca-cert-publisher|certificate-controller|(attachdetach|bootstrap-signer|clusterrole-aggregation|cronjob|daemon-set|deployment|disruption|endpoint|endpointslice|endpointslicemirroring|ephemeral-volume|expand|horizontal-pod-autoscaler|job|legacy-service-account-token-cleaner|namespace|node|persistent-volume-binder|pod-garbage-collector|pv-protection|pvc-protection|replicaset|replication|resourcequota|service-account|service|statefulset|token-cleaner|ttl|ttl-after-finished|validatingadmissionpolicy-status)(-controller)?)$)');

-- Those, and what a cluster's makers install: hunts for what people and workloads do leave them out.
create or replace macro is_system(actor) as
    is_component(actor) or regexp_matches(coalesce(actor, ''),
        '^(system:(serviceaccount:kube-system:|kube-|gcp-|gke-|cloud-controller)|eks:|aksService$)');

-- An address that is not of a private, shared, link-local or loopback range; false for none.
create or replace macro is_outside(ip) as
    coalesce(ip, '') != '' and not regexp_matches(lower(ip),
        '^(::ffff:)?(10\.|127\.|0\.|169\.254\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|22[4-9]\.|23\d\.|255\.)|^(::1?$|f[cd][0-9a-f]{2}:|fe[89ab][0-9a-f]:|ff)|^localhost$');

-- A request that asked for a trial; the word alone may stand anywhere in what somebody wrote.
create or replace macro is_dry_run(fields) as
    coalesce(contains(fields, 'dryRun=All')
        and json_extract_string(fields, '$.requestURI') like '%dryRun=All%', false);

-- Accepted writes through the API that change something: a dry run does not.
create or replace view api_writes as
select *
from events
where category = 'api' and outcome = 'ok'
    and activity in ('create', 'update', 'patch', 'delete', 'deletecollection')
    and not is_dry_run(fields);

-- Pods and what makes pods: as somebody wrote them, and as dumps and recordings show them. Of the
-- latter those are left out that every cluster's own namespace has.
create or replace view pod_specs as
select *
from events
where object_kind in ('pods', 'deployments', 'daemonsets', 'statefulsets', 'replicasets',
        'replicationcontrollers', 'jobs', 'cronjobs', 'podtemplates')
    and case category
        when 'api' then activity in ('create', 'update', 'patch') and outcome = 'ok'
            and coalesce(subresource, '') in ('', 'ephemeralcontainers')
            and not is_component(actor)
            and not is_dry_run(fields)
        when 'workload' then activity in ('observed', 'created', 'changed')
            and not (coalesce(namespace, '') = 'kube-system' and regexp_matches(object_name,
                '^(kube-(apiserver|controller-manager|scheduler|proxy|flannel|router|vip)|etcd|coredns|calico|canal|cilium|weave|kindnet|aws-node|azure|csi|ebs|efs|gke|fluentbit-gke|konnectivity|node-local-dns|metrics-server|cloud-controller)'))
        else false
    end;
