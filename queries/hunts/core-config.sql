-- id: core-config
-- title: Who may log in, how names resolve, how nodes route: their settings were changed
-- attack: T1098 T1565.001
-- severity: high
-- needs: api
select ts, evidence, path, line, part, actor, namespace, pod, message
from api_writes
where object_kind = 'configmaps' and namespace = 'kube-system'
    and regexp_matches(object_name,
        '^(aws-auth|coredns(-custom)?|kube-dns|kube-proxy(-config)?|kubeadm-config|kubelet-config.*|extension-apiserver-authentication|node-local-dns)$')
    and not is_system(actor)
