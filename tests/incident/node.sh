#!/usr/bin/env bash
# A node with a root of its own: an overlay over this machine's root, with mounts, processes, network, cgroups and
# host name of its own. In it runs the lab (../lab/lab.sh) with sshd, cron and syslog. What an intruder breaks out
# to is this root and nothing else; it is gone with the node. Needs root; nothing of it reaches another machine.
set -Eeuo pipefail
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
N=${KUBECASE_INCIDENT_DIR:-/tmp/kubecase-incident}
CACHE=${KUBECASE_LAB_CACHE:-${HOME:-/root}/.cache/kubecase-lab}
NAME=node-1
INSIDE=(env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8
  KUBECASE_LAB_DIR=/var/lib/lab KUBECASE_LAB_CACHE=/opt/kubernetes KUBECASE_LAB_NODE=$NAME)

say() { printf '%s\n' "node: $*" >&2; }
die() { say "ERROR: $*"; exit 1; }
first() { cat "$N/node.pid" 2>/dev/null || die "the node is not up: node.sh up"; }
join() { local h; for h in /sys/fs/cgroup/*/kubecase-incident; do echo "$BASHPID" >"$h/cgroup.procs"; done; }
inside() ( # a process of the node's own cgroups, or its logs would name this machine's
  join
  exec nsenter -t "$(first)" --mount --pid --net --uts --ipc --cgroup "${INSIDE[@]}" "$@"
)
beside() { # the analyst's chair: this machine's files, the node's network, no view of anybody's processes
  KUBECONFIG=$N/lab/admin.kubeconfig DOCKER_HOST=unix://$N/lab/docker.sock PATH=$CACHE/bin:$PATH \
    exec nsenter -t "$(first)" --net unshare --pid --fork --kill-child=KILL --mount-proc "$@"
}

up() {
  [ "$(id -u)" = 0 ] || die "needs root"
  [ -e "$N/node.pid" ] && [ -d "/proc/$(cat "$N/node.pid")" ] && { say "is up"; return 0; }
  "$HERE/../lab/lab.sh" build
  local p miss=()
  for p in openssh-server openssh-client rsyslog cron; do
    dpkg-query -W -f '${db:Status-Abbrev}' $p 2>/dev/null | grep -q ^ii || miss+=($p)
  done
  [ ${#miss[@]} = 0 ] || DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${miss[@]}" >/dev/null
  mkdir -p "$N/lab" "$N/root"
  local h t
  for h in /sys/fs/cgroup/*/; do # a cgroup of its own, which its cgroup namespace takes for the root
    h=${h%/}; [ "$h" = /sys/fs/cgroup/unified ] && continue
    mkdir -p "$h/kubecase-incident"
    for t in cpus mems; do [ -e "$h/cpuset.$t" ] && cat "$h/cpuset.$t" >"$h/kubecase-incident/cpuset.$t"; done
    [ -e "$h/cgroup.clone_children" ] && echo 1 >"$h/kubecase-incident/cgroup.clone_children"
  done
  (
    join
    exec setsid unshare --mount --pid --net --uts --ipc --cgroup --fork --kill-child=KILL \
      "$HERE/node.sh" --root >"$N/node.log" 2>&1 </dev/null
  ) &
  p=$!
  for ((t = 0; t < 100; t++)); do
    sleep 0.1
    h=$(cat "/proc/$p/task/$p/children" 2>/dev/null || true)
    [ -n "$h" ] && grep -q '^node-up$' "$N/node.log" && break
    [ -d /proc/$p ] || { cat "$N/node.log" >&2; die "the node did not start"; }
  done
  echo "${h%% *}" >"$N/node.pid"
  inside /opt/lab/lab.sh up
}

enter_root() { # first process of the node: give it its root
  mount --make-rprivate /
  local r=$N/root d
  mount -t tmpfs node "$r"; mkdir "$r"/{upper,work,node}
  for d in /* /.[!.]*; do # what no Debian has at its root is not there (a 0/0 device in the upper layer)
    case $d in /bin | /boot | /dev | /etc | /home | /lib* | /media | /mnt | /opt | /proc | /root | /run | /sbin | /srv | /sys | /tmp | /usr | /var) ;;
      *) mknod "$r/upper$d" c 0 0 ;; esac
  done
  mount -t overlay overlay -o "lowerdir=/,upperdir=$r/upper,workdir=$r/work" "$r/node"
  r=$r/node
  mount -t proc proc "$r/proc"; mount -t sysfs sysfs "$r/sys"
  mount -t tmpfs cgroup "$r/sys/fs/cgroup"
  for d in $(sed -n 's/^[0-9]*:\([a-z_,]*\):.*/\1/p' /proc/self/cgroup); do
    mkdir "$r/sys/fs/cgroup/$d"; mount -t cgroup -o "$d" cgroup "$r/sys/fs/cgroup/$d"
  done
  mkdir "$r/sys/fs/cgroup/systemd"; mount -t cgroup -o none,name=systemd cgroup "$r/sys/fs/cgroup/systemd"
  mount -t tmpfs -o mode=755 dev "$r/dev"; mkdir "$r"/dev/{pts,shm}
  for d in null zero full random urandom tty kmsg; do touch "$r/dev/$d"; mount --bind "/dev/$d" "$r/dev/$d"; done
  mount -t devpts -o newinstance,ptmxmode=0666 devpts "$r/dev/pts"; ln -s pts/ptmx "$r/dev/ptmx"
  mount -t tmpfs -o mode=1777 shm "$r/dev/shm"; ln -s /proc/self/fd "$r/dev/fd"
  # this machine's own affairs are not the node's: its homes, logs, schedules, package sources
  for d in home media mnt opt root run srv tmp usr/local var/log var/spool var/tmp var/cache var/backups var/mail; do mkdir -p "$r/$d"; mount -t tmpfs -o mode=755 node "$r/$d"; done
  chmod 1777 "$r"/tmp "$r"/var/tmp; chmod 700 "$r/root"
  mkdir -p "$r"/var/spool/cron/crontabs "$r"/root/.ssh "$r"/opt/{kubernetes,lab} "$r"/var/lib/lab "$r"/run/sshd "$r"/run/lock
  rm -rf "$r"/etc/{apt,ssh,cron.d,cron.daily,cron.hourly,cron.weekly,cron.monthly,environment,environment.d,pip.conf,profile.d,gitconfig,image.setuid-baseline}
  tr -d - </proc/sys/kernel/random/uuid >"$r/etc/machine-id"
  mkdir -p "$r"/etc/ssh "$r"/etc/cron.d
  echo $NAME >"$r/etc/hostname"; printf '127.0.0.1 localhost\n10.211.0.1 %s\n' $NAME >"$r/etc/hosts"; : >"$r/etc/resolv.conf"
  mount --bind "$N/lab" "$r/var/lib/lab"
  mount --bind -o ro "$CACHE" "$r/opt/kubernetes"
  mount --bind -o ro "$HERE/../lab" "$r/opt/lab"
  install -m 755 "$HERE/node.sh" "$r/sbin/node-init"
  cd "$r"; mkdir -p mnt/old; pivot_root . mnt/old; cd /; umount -l /mnt/old
  exec "${INSIDE[@]}" /sbin/node-init --services
}

services() { # in its root: what a node runs besides Kubernetes
  : >/etc/environment
  hostname $NAME; ip link set lo up
  useradd -m -s /bin/bash ops 2>/dev/null; mkdir -p /home/ops/.ssh
  printf 'HostKey /etc/ssh/ssh_host_ed25519_key\nPermitRootLogin prohibit-password\nPasswordAuthentication yes\nUsePAM yes\nUseDNS no\nSubsystem sftp internal-sftp\n' >/etc/ssh/sshd_config
  ssh-keygen -q -t ed25519 -N '' -C $NAME -f /etc/ssh/ssh_host_ed25519_key
  printf 'module(load="imuxsock")\n$ActionFileDefaultTemplate RSYSLOG_FileFormat\nauth,authpriv.* /var/log/auth.log\ncron.* /var/log/cron.log\n*.*;auth,authpriv,cron.none /var/log/syslog\n' >/etc/rsyslog.conf
  printf 'SHELL=/bin/sh\nPATH=/usr/sbin:/usr/bin:/sbin:/bin\n* * * * * root find /var/log/pods -name "*.log" -size +100M | head -1 >/dev/null\n' >/etc/cron.d/log-size
  printf '*/2 * * * * root df -P / >/var/tmp/df.txt\n' >/etc/cron.d/disk
  chmod 700 /home/ops/.ssh; chown -R ops: /home/ops; chmod 644 /etc/cron.d/*
  rsyslogd; cron -L 5; /usr/sbin/sshd -o ListenAddress=0.0.0.0
  echo node-up
  trap 'exit 0' TERM
  while :; do sleep 3600 & wait $! || true; done # bash reaps what is left behind
}

down() {
  [ -e "$N/node.pid" ] || { say "is not up"; return 0; }
  inside /opt/lab/lab.sh down --keep || true
  kill -KILL "$(first)" 2>/dev/null || true
  sleep 1
  find /sys/fs/cgroup/*/kubecase-incident -depth -type d -exec rmdir {} \; 2>/dev/null || true
  rm -rf "$N/lab" "$N/root" "$N/node.pid" "$N/node.log"
  say "is gone"
}

case ${1:-} in
  up) up ;; down) down ;;
  in) shift; inside "$@" ;;
  beside) shift; beside "$@" ;;
  --root) enter_root ;; --services) services ;;
  *) echo "usage: node.sh up | down | in COMMAND… (on the node) | beside COMMAND… (the node's network, this machine's files)" >&2; exit 2 ;;
esac
