-- id: impersonation
-- title: Requests made as a privileged identity by somebody else
-- attack: T1078
-- severity: high
-- needs: api
select ts, evidence, path, line, part, actor, namespace, pod, message
from events
where category = 'api' and outcome = 'ok'
    and contains(fields, '"impersonatedUser"') and json_exists(fields, '$.impersonatedUser.username')
    and (list_contains(groups, 'system:masters')
        or regexp_matches(actor,
            '^(system:(node:|masters|admin|apiserver|kube-|serviceaccount:kube-system:)|kubernetes-admin$|cluster-admin$)'))
