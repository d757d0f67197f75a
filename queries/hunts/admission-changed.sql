-- id: admission-changed
-- title: Admission webhooks or policies made, changed or deleted
-- attack: T1546 T1562
-- severity: high
-- needs: api
select ts, evidence, path, line, part, actor, namespace, pod, message
from api_writes
where object_kind in ('mutatingwebhookconfigurations', 'validatingwebhookconfigurations',
        'mutatingadmissionpolicies', 'mutatingadmissionpolicybindings',
        'validatingadmissionpolicies', 'validatingadmissionpolicybindings')
    and not is_system(actor)
