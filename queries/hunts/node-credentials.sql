-- id: node-credentials
-- title: Credentials of the node or the control plane read or copied
-- attack: T1552.001 T1552.004
-- severity: high
-- needs: process api file alert http system
with touched as (
    select *, concat_ws(' ', cmdline, if(category = 'file', file_path, null),
        if(category = 'http', url_decode(object_name), null)) as texts
    from events
    where category in ('process', 'api', 'file', 'alert', 'http')
        and (category != 'file' or activity != 'present')
)
select ts, evidence, path, line, part, actor, namespace, pod, message
from touched
where regexp_matches(texts,
        '/var/lib/kubelet/(pki/|kubeconfig)|/etc/kubernetes/(pki/\S*\.key|(super-)?admin\.conf|kubelet\.conf|controller-manager\.conf|scheduler\.conf|bootstrap-kubelet\.conf)|/var/lib/etcd/|/\.kube/config\b|/\.aws/credentials\b')
    and not regexp_matches(coalesce(exe, ''), '/(kubelet|kube-[a-z-]+|etcd|kubeadm|kubectl)$')
    and not regexp_matches(coalesce(cmdline, ''), '^(\S*/)?(kubelet|kube-[a-z-]+|etcd|kubeadm|hyperkube)\s')
union all
select ts, evidence, path, line, part, actor, namespace, pod, message
from events
where activity = 'check' and object_name = 'kubelet-credentials' and status = 'yes'
