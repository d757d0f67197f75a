-- id: k8s_audit
-- title: Kubernetes API server audit
-- kind: record
-- fields: message
-- rank: 10
-- recognise: "kind"\s*:\s*"Event".{0,200}"apiVersion"\s*:\s*"audit\.k8s\.io/
-- recognise: "apiVersion"\s*:\s*"audit\.k8s\.io/.{0,300}"kind"\s*:\s*"Event"
-- recognise: "(auditID|objectRef|requestURI|stageTimestamp|sourceIPs)"\s*:.*"verb"\s*:|"verb"\s*:.*"(auditID|objectRef|requestURI|stageTimestamp|sourceIPs)"\s*:
-- example: {"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"a1","stage":"ResponseComplete","requestURI":"/api/v1/namespaces/shop/pods/web/exec?command=id&container=c&stdin=true","verb":"create","user":{"username":"ana","groups":["system:authenticated"]},"sourceIPs":["203.0.113.9"],"userAgent":"kubectl/v1.20.2","objectRef":{"resource":"pods","namespace":"shop","name":"web","apiVersion":"v1","subresource":"exec"},"responseStatus":{"metadata":{},"code":101},"requestReceivedTimestamp":"2026-11-23T22:44:45.177339Z","stageTimestamp":"2026-11-23T22:44:45.177754Z","annotations":{"authorization.k8s.io/decision":"allow","authorization.k8s.io/reason":""}}
-- yields: api
-- source: https://kubernetes.io/docs/reference/config-api/apiserver-audit.v1/
-- One event per auditID: the last stage speaks, the other stages are cited. A request whose answer
-- is not in the log stays, with outcome unknown.
with documents as materialized (
    select
        evidence, line, offset_bytes,
        try(from_json(message, '{
            "kind": "VARCHAR", "apiVersion": "VARCHAR", "auditID": "VARCHAR", "stage": "VARCHAR", "level": "VARCHAR",
            "requestURI": "VARCHAR", "verb": "VARCHAR",
            "user": {"username": "VARCHAR", "uid": "VARCHAR", "groups": ["VARCHAR"],
                     "extra": "JSON"},
            "impersonatedUser": {"username": "VARCHAR", "groups": ["VARCHAR"]},
            "sourceIPs": ["VARCHAR"], "userAgent": "VARCHAR",
            "objectRef": {"resource": "VARCHAR", "namespace": "VARCHAR", "name": "VARCHAR",
                          "subresource": "VARCHAR", "apiGroup": "VARCHAR"},
            "responseStatus": {"code": "VARCHAR", "status": "VARCHAR", "reason": "VARCHAR",
                               "message": "VARCHAR"},
            "requestReceivedTimestamp": "VARCHAR", "stageTimestamp": "VARCHAR",
            "timestamp": "VARCHAR", "metadata": {"creationTimestamp": "VARCHAR"},
            "annotations": "JSON"
        }')) as r
    from lines
    where message[1] = '{'
),
requests as (
    select
        evidence, line, offset_bytes, r,
        case r.stage
            when 'RequestReceived' then 1 when 'ResponseStarted' then 2
            when 'ResponseComplete' then 4 when 'Panic' then 3 else 4
        end as stage_rank
    from documents
    where coalesce(r.kind, 'Event') = 'Event'
        and (r.verb is not null or r.auditID is not null or r.apiVersion like 'audit.k8s.io/%'
        or (r.kind = 'Event' and r.sourceIPs is not null and r.user is not null))
),
folds as (
    select
        arg_max(line, (stage_rank, line)) as line,
        list(line) as all_lines,
        max(stage_rank) as last_stage
    from requests
    where r.auditID is not null and r.auditID != ''
    group by r.auditID, r.verb, r.requestURI, evidence
    having (count(*) > 1 and count(*) = count(distinct r.stage))
        or (count(*) = 1 and max(stage_rank) < 3)
),
folded as (
    select unnest(all_lines) as line
    from folds
),
kept as (
    select
        requests.*, folds.last_stage,
        list_filter(folds.all_lines, lambda x: x != requests.line) as cites
    from requests
    left join folds on folds.line = requests.line
    where folds.line is not null or requests.line not in (select line from folded)
)
select
    evidence, line, offset_bytes,
    iso_ts(coalesce(r.requestReceivedTimestamp, r.stageTimestamp, r.timestamp,
        r.metadata.creationTimestamp)) as ts,
    if(r.requestReceivedTimestamp is not null and r.stage in ('ResponseComplete', 'Panic'),
        iso_ts(r.stageTimestamp), null) as ts_end,
    'received' as ts_label,
    'api' as category,
    -- exec over WebSocket is a GET; the subresource says what it was
    case
        when r.objectRef.subresource in ('exec', 'attach', 'portforward')
            and r.verb in ('get', 'create', 'connect') then r.objectRef.subresource
        else r.verb
    end as activity,
    case
        when r.responseStatus.code in ('401', '403')
            or json_extract_string(r.annotations, '$."authorization.k8s.io/decision"') = 'forbid'
            then 'denied'
        when try_cast(r.responseStatus.code as integer) between 100 and 399 then 'ok'
        when r.stage = 'Panic' or try_cast(r.responseStatus.code as integer) >= 400 then 'failed'
        else 'unknown'
    end as outcome,
    r.responseStatus.code as status,
    case
        when r.responseStatus.code in ('401', '403') then 3
        when r.stage = 'Panic' or try_cast(r.responseStatus.code as integer) >= 500 then 4
        when try_cast(r.responseStatus.code as integer) >= 400 then 2
        else 1
    end as severity,
    coalesce(r.impersonatedUser.username, r.user.username) as actor,
    case
        -- our own requests; the name is the client's word, so no hunt leaves them out
        when starts_with(r.userAgent, 'kubecase/') then 'investigator'
        when coalesce(r.impersonatedUser.username, r.user.username) like 'system:serviceaccount:%'
            then 'service_account'
        when coalesce(r.impersonatedUser.username, r.user.username) like 'system:node:%' then 'node'
        when coalesce(r.impersonatedUser.username, r.user.username) = 'system:anonymous'
            then 'anonymous'
        when coalesce(r.impersonatedUser.username, r.user.username) like 'system:%' then 'system'
        when r.user.username is not null then 'user'
    end as actor_type,
    coalesce(r.impersonatedUser.groups, r.user.groups) as groups,
    r.auditID as session,
    r.userAgent as user_agent,
    r.sourceIPs[1] as src_ip,
    r.objectRef.resource as object_kind,
    coalesce(r.objectRef.name, if(r.objectRef is null, split_part(r.requestURI, '?', 1), null))
        as object_name,
    r.objectRef.subresource as subresource,
    r.objectRef.namespace as namespace,
    if(r.objectRef.resource = 'pods', r.objectRef.name, null) as pod,
    if(r.objectRef.resource = 'nodes', r.objectRef.name, null) as node,
    if(r.objectRef.subresource in ('exec', 'attach'),
        nullif(url_decode(replace(regexp_extract(r.requestURI, '[?&]container=([^&]*)', 1), '+', ' ')), ''),
        null) as container,
    if(r.objectRef.subresource = 'exec',
        array_to_string(
            list_transform(
                regexp_extract_all(r.requestURI, '[?&]command=([^&]*)', 1),
                lambda x: url_decode(replace(x, '+', ' '))), ' '),
        null) as cmdline,
    concat_ws(' ',
        if(r.impersonatedUser.username is null, null,
            r.user.username || ' as'),
        coalesce(r.impersonatedUser.username, r.user.username, 'unknown user'),
        case
            when r.objectRef.subresource in ('exec', 'attach', 'portforward')
                and r.verb in ('get', 'create', 'connect') then r.objectRef.subresource
            else r.verb
        end,
        coalesce(r.objectRef.resource || coalesce('/' || r.objectRef.subresource, ''),
            r.requestURI),
        nullif(concat_ws('/', r.objectRef.namespace, r.objectRef.name), ''),
        if(contains(r.requestURI, 'dryRun=All'), 'dry run, no change', null),
        r.responseStatus.code,
        r.responseStatus.reason,
        if(r.objectRef.subresource = 'exec',
            array_to_string(
                list_transform(
                    regexp_extract_all(r.requestURI, '[?&]command=([^&]*)', 1),
                    lambda x: url_decode(replace(x, '+', ' '))), ' '),
            null),
        if(r.stage in ('RequestReceived', 'ResponseStarted'), 'no answer in the log', null),
        if(starts_with(r.userAgent, 'kubecase/'), '(kubecase, by its user agent)', null)
    ) as message,
    cites,
    coalesce(last_stage < 3, false) as is_open
from kept
