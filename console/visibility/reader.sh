# What kubecase reads of a node and its containers. POSIX sh, busybox or coreutils. It only reads:
# the one folder that it writes is $WORK (a memory volume of the probe, a temporary one locally).
# In: NONCE (drawn anew for each run; marks records, since names and contents are the suspect's),
# IDS (container ids, hexadecimal), PROC, HOST, WORK, LIMIT (bytes of a file whose content comes
# along), TOTAL (bytes of contents per container), NODE (1: also the node itself), SAMPLE (seconds for
# which sockets are looked at again and again; "" is not at all), RULES (1: a probe may enter network
# namespaces to list firewall rules; locally it may anyhow); or, for a single
# file or folder, FETCH_PATH or FETCH_PID, with FETCH_LIMIT (bytes; of what is larger the size only
# is told) and FETCH_IMAGE (1: a file also as the image has it); or FETCH_LAYER (1: all that the container
# wrote, and what its runtime was told to run).
# Out: lines `@NONCE begin NAME`, gzip in base64, `@NONCE end NAME SHA256` of what went in; at the end
# `@NONCE done COUNT` of the sections, since a log that is rotated may lose a whole one.
export LC_ALL=C TZ=UTC0 QUOTING_STYLE=literal
STAT="@$NONCE %f %u %g %s %h %d %i %t %T %y %z %n"
MAX_PIDS=${MAX_PIDS:-4000}
LISTING=${LISTING:-134217728}
mkdir -p "$WORK"
: >"$WORK/errors"
mkfifo "$WORK/pipe"
if base64 -w 4000 </dev/null >/dev/null 2>&1; then B64='base64 -w 4000'; else B64=base64; fi

part() { # NAME COMMAND...: what the command prints, as one section
  name=$1; shift
  echo >>"$WORK/parts"
  echo "@$NONCE begin $name"
  sha256sum <"$WORK/pipe" >"$WORK/sum" & hashing=$!
  "$@" 2>>"$WORK/errors" | tee "$WORK/pipe" | gzip -1 | $B64
  wait $hashing
  read -r sum rest <"$WORK/sum"
  echo "@$NONCE end $name $sum"
}

find_pids() { # of container $ID, by its id in the cgroup's path; conmon, which has one named after it, is the node's
  PIDS=$(all_pids cgroup | xargs grep -H "$ID" 2>/dev/null | sed "s/-conmon-$ID//" | grep "$ID" |
    sed "s|^$PROC/||; s|/cgroup:.*||" | sort -nu)
  ALL=$(printf '%s\n' "$PIDS" | wc -l)
  FIRST=${PIDS%%
*}
  if [ "$ALL" -gt "$MAX_PIDS" ]; then PIDS=$(rarest); fi
}
rarest() { # of too many, those whose program and name few have: decoys are alike
  { paths exe | xargs stat -L -c '%n %d:%i'; paths comm | xargs grep -H '' | sed 's/:/ /'; } 2>/dev/null |
    awk -v proc="$PROC/" '
      { pid = substr($0, length(proc) + 1); sub("/.*", "", pid); place = $1; sub(".*/", "", place) }
      { told = $0; sub("^[^ ]* ", "", told) }
      place == "exe" { exe[pid] = told }
      place == "comm" { name[pid] = told; pids[pid] }
      END {
        for (pid in pids) count[exe[pid] " " name[pid]]++
        for (pid in pids) print count[exe[pid] " " name[pid]], pid
      }' | sort -n -k1,1 -k2,2 | head -n "$MAX_PIDS" | cut -d ' ' -f 2 | sort -n
}
paths() { # SUFFIX...: these below /proc/PID, for each of $PIDS
  for pid in $PIDS; do
    for suffix in "$@"; do printf '%s\n' "$PROC/$pid/$suffix"; done
  done
}
texts() { paths status stat cgroup attr/current | xargs grep -H ''; }
byte_texts() { # NUL-separated texts; of the environment the names only
  for pid in $PIDS; do
    printf '@%s cmdline %s\n' "$NONCE" "$pid"
    head -c 65536 "$PROC/$pid/cmdline"
    printf '\n@%s environ %s\n' "$NONCE" "$pid"
    head -c 262144 "$PROC/$pid/environ" | tr '\n\0' '\001\n' | sed 's/=.*//'
  done
}
links() {
  for pid in $PIDS; do
    printf '%s\n' "$PROC/$pid/exe" "$PROC/$pid/cwd" "$PROC/$pid/root" "$PROC/$pid"/ns/* "$PROC/$pid"/fd/*
  done | xargs stat -c "@$NONCE %n %N"
  stat -c "@$NONCE %n %N" "$PROC"/1/ns/* "$PROC"/self/ns/pid
}
odd_maps() { paths maps | xargs grep -HE ' (..xp .*(memfd:|\(deleted\))|rwxp )'; }
exe_files() { paths exe | xargs stat -L -c '%d:%i %s %n'; }
exe_hashes() { # each file once, however many processes run it
  exe_files | awk '$2 < 536870912 && !seen[$1]++ {print $3}' | xargs sha256sum
}
net_pids() { paths ns/net | xargs stat -L -c '%i %n' | awk '!seen[$1]++ {print $2}'; }
network() {
  for ns in $(net_pids); do
    base=${ns%/ns/net}/net
    for file in tcp tcp6 udp udp6 raw raw6 unix route ipv6_route arp dev snmp netstat nf_conntrack \
      if_inet6 fib_trie ip_tables_names ip6_tables_names; do
      [ ! -r "$base/$file" ] || printf '%s\n' "$base/$file"
    done | xargs grep -H ''
    stat -L -c "$base/netns:%i" "$ns"
  done
}
tool() { # NAME...: the first that the node has, as the node calls it
  for name in "$@"; do
    for folder in /usr/sbin /sbin /usr/bin; do
      if [ -x "$HOST$folder/$name" ]; then echo "$folder/$name"; return; fi
    done
  done
}
has_nft() { # asking a kernel that has not loaded it would load it
  [ ! -e "$PROC/modules" ] || grep -q '^nf_tables ' "$PROC/modules" || [ -e /sys/module/nf_tables ] ||
    grep -q '/nf_tables\.ko' "$HOST/lib/modules/$(uname -r)/modules.builtin"
}
list_rules() { # FORM PROGRAM ARGUMENT...: of namespace $ns; the node's own program, in that network and nowhere else
  [ -n "$2" ] || { echo "@$NONCE unread $inode the node has no program for $1"; return; }
  form=$1; shift
  if nsenter --net="$ns" ${HOST:+chroot "$HOST"} "$@" >"$WORK/rules" 2>"$WORK/said"; then
    echo "@$NONCE rules $inode $form"; head -c 4194304 "$WORK/rules"; echo
  else
    echo "@$NONCE unread $inode $form: $(head -n 1 "$WORK/said")"
  fi
}
rules() { # listing changes nothing, and no process of the suspect's sees it
  for ns in $(net_pids); do
    inode=$(stat -L -c %i "$ns"); base=${ns%/ns/net}/net
    if [ -n "$HOST" ] && [ "$RULES" != 1 ]; then
      echo "@$NONCE unread $inode the probe may not enter the network namespace: --rules (R on the screen) lets it"; continue
    fi
    if has_nft; then
      list_rules nft "$(tool nft)" list ruleset
      # these show matches that nft has no words for; without them nft's list is all there is
      [ -z "$(tool iptables-nft-save)" ] || list_rules ip "$(tool iptables-nft-save)"
      [ -z "$(tool ip6tables-nft-save)" ] || list_rules ip6 "$(tool ip6tables-nft-save)"
    fi
    ! grep -q . "$base/ip_tables_names" 2>/dev/null || list_rules ip "$(tool iptables-legacy-save iptables-save)"
    ! grep -q . "$base/ip6_tables_names" 2>/dev/null || list_rules ip6 "$(tool ip6tables-legacy-save ip6tables-save)"
    echo "@$NONCE looked $inode"
  done
}
name_settings() { # who resolves names, and those that are given
  [ ! -L "$PROC/$FIRST/root/etc" ] || return 0
  for file in resolv.conf hosts; do
    place=$PROC/$FIRST/root/etc/$file
    if [ ! -L "$place" ] && [ -f "$place" ]; then head -c 65536 "$place" | sed "s/^/@$NONCE $file /"; fi
  done
}
sample() { # every socket that is there at any look, once: first and last look (s), and how many
  for ID in $IDS; do find_pids; [ -z "$FIRST" ] || printf '%s %s\n' "$ID" "$FIRST"; done >"$WORK/sampled"
  awk -v seconds="$SAMPLE" -v proc="$PROC" '
    function now(text, part) {
      getline text <(proc "/uptime"); close(proc "/uptime"); split(text, part, " "); return part[1]
    }
    { id[NR] = $1; pid[NR] = $2 }
    END {
      start = now(); protocols = split("tcp tcp6 udp udp6", protocol, " ")
      do {
        at = now() - start; looks++
        for (i = 1; i <= NR; i++) for (p = 1; p <= protocols; p++) {
          file = proc "/" pid[i] "/net/" protocol[p]
          while ((getline text <file) == 1) {
            split(text, field, " ")
            if (index(field[2], ":") == 0) continue
            key = id[i] " " protocol[p] " " field[2] " " field[3]
            if (!(key in first)) { if (++count == 50000) break; first[key] = at }
            last[key] = at; seen[key]++
            if (index(states[key], field[4]) == 0) states[key] = states[key] field[4] ","
            owner[key] = field[8]; if (field[10] != 0) inode[key] = field[10]
          }
          close(file)
        }
        system("sleep 0.05")
      } while (now() - start < seconds)
      printf "looks %d %.2f\n", looks, now() - start
      for (key in first)
        printf "%s %s %.2f %.2f %d %s %s\n", key, states[key], first[key], last[key], seen[key], owner[key], inode[key] + 0
    }' "$WORK/sampled"
}
mounts() { cat "$PROC/$FIRST/mountinfo"; }

listing() { find . -xdev -exec stat -c "$STAT" {} + | head -c "$LISTING"; }
volume_listing() { listing | head -c 8388608; }
targets() { find . -xdev -type l -exec stat -c "@$NONCE %n@$NONCE%N" {} + | head -c "$LISTING"; }
small_files() { find . -xdev -type f -size "-${LIMIT}c" -print0; }
hashes() { # FIND TEST...: too large, or in a volume: the content stays there
  find . -xdev -type f "$@" -exec sh -c '
    for f do s=$(sha256sum <"$f"); printf "@%s %s %s\n" "$NONCE" "${s%% *}" "$f"; done' sh {} +
}
contents() { small_files | xargs -0 -r tar -cf - --no-recursion | head -c "$TOTAL"; }
find_below() { # names of what the layer has at the paths of the upper folder, also of what was deleted
  if xargs -0 -r sh -c 'for folder do
      [ ! -L "$folder" ] || exit 255
      [ ! -d "$folder" ] || printf "%s\0" "$folder"; done' sh <"$WORK/folders" >"$WORK/shared"; then
    # only in folders that it has itself can there be such a file
    (cd "$UPPER" && xargs -0 -r sh -c '
      find "$@" -maxdepth 1 "(" -type f -size "-${LIMIT}c" -o -type c ")" -print0' sh <"$WORK/shared") |
      xargs -0 -r sh -c 'find "$@" -maxdepth 0 -type f -size "-${LIMIT}c" -print0' sh 2>/dev/null >"$WORK/below"
  else # the way through it could lead to the node's own files
    : >"$WORK/below"
    echo "a folder of $ID lies where its image has a link: that layer's contents are not read" >>"$WORK/errors"
  fi
}
contents_below() { xargs -0 -r tar -cf - --no-recursion <"$WORK/below" 2>/dev/null | head -c "$TOTAL"; }
each_layer() { # COMMAND: what it prints in every layer that can be read, after `@NONCE layer NUMBER`
  number=0
  while read -r layer; do
    if cd "$HOST$layer"; then printf '@%s layer %s\n' "$NONCE" "$number"; "$1"; fi
    number=$((number + 1))
  done <"$WORK/lower"
}
merged() { # names in the folders that were written to: what an opaque folder hides is missing here
  (cd "$UPPER" && find . -xdev -type d -print0) |
    (cd "$PROC/$FIRST/root" && xargs -0 -r sh -c 'find "$@" -maxdepth 1 -mindepth 1 -print0' sh)
}
capabilities() { getcap -r .; }

within() { # FOLDER NAME COMMAND...: a section with what the command prints there
  ( cd "$1" 2>>"$WORK/errors" && shift && part "$@" ) || true
}

plainly() { printf '%b' "$(printf '%s' "$1" | sed 's/\\\([0-7]\)/\\0\1/g')"; } # as mountinfo writes it
layer_base() { # what relative names of layers start from: a page of mount options holds few whole ones
  case $upper in
    /*) base=${upper%/*} # containerd's are numbers beside the upper folder's
      while [ -n "$base" ] && [ ! -d "$HOST$base/$first" ]; do base=${base%/*}; done ;;
    *) # Docker's start where the node has the same file system mounted: BASE/ID/merged
      runtime=$(awk '/^PPid:/ {print $2}' "$PROC/$FIRST/status")
      device=$(printf '%s' "$options" | awk '{print $3}')
      for owner in "$runtime" 1; do
        base=$(awk -v device="$device" '$3 == device && $5 != "/" {print $5; exit}' "$PROC/$owner/mountinfo")
        base=$(plainly "${base%/*/*}")
        [ -z "$base" ] || [ ! -d "$HOST$base/$upper" ] || break
      done
      upper=$base/$upper ;;
  esac
}
find_layers() { # sets $upper; the image's layers, topmost first, are the lines of $WORK/lower
  options=$(awk '$5 == "/" {print; exit}' "$PROC/$FIRST/mountinfo")
  upper=$(plainly "$(printf '%s' "$options" | sed -n 's/.*[ ,]upperdir=\([^, ]*\).*/\1/p')")
  plainly "$(printf '%s' "${options##* }" | tr ',' '\n' | sed -n 's/^lowerdir+\{0,1\}=//p' | tr ':' '\n')" |
    sed '/^$/d' >"$WORK/names"; echo >>"$WORK/names"
  : >"$WORK/lower"
  [ -n "$upper" ] || return 0
  first=$(grep -m 1 '^[^/]' "$WORK/names"); base=
  if [ -n "$first" ] || [ "${upper#/}" = "$upper" ]; then layer_base; fi
  while read -r layer; do
    case $layer in '') ;; /*) printf '%s\n' "$layer" ;; *) printf '%s\n' "$base/$layer" ;; esac
  done <"$WORK/names" >"$WORK/lower"
}
overlay() { # the suspect's own layer, and the layers of its image
  find_layers
  if [ -z "$upper" ] || [ ! -d "$HOST$upper" ]; then
    echo "no overlay upper folder for $ID: the files are those of /proc/$FIRST/root" >>"$WORK/errors"
    within "$PROC/$FIRST/root" "$ID/root.list" listing
    return
  fi
  UPPER=$HOST$upper; export UPPER
  within "$UPPER" "$ID/upper.list" listing
  within "$UPPER" "$ID/upper.links" targets
  within "$UPPER" "$ID/upper.tar" contents
  within "$UPPER" "$ID/upper.hashes" hashes -size "+$((LIMIT - 1))c" -size -536870912c
  if command -v getcap >/dev/null 2>&1; then within "$UPPER" "$ID/upper.caps" capabilities; fi
  part "$ID/merged.list" merged
  part "$ID/layers" cat "$WORK/lower"
  part "$ID/lower.list" each_layer listing
  part "$ID/lower.links" each_layer targets
  (cd "$UPPER" && find . -xdev -type d -print0) >"$WORK/folders"
  number=0
  while read -r layer; do
    (cd "$HOST$layer" && find_below) 2>>"$WORK/errors" || : >"$WORK/below"
    if [ -s "$WORK/below" ]; then within "$HOST$layer" "$ID/lower.$number.tar" contents_below; fi
    number=$((number + 1))
  done <"$WORK/lower"
}

volumes() { # everything mounted into the container but the kernel's own
  number=0
  awk '$5 != "/" {for (i = 7; i <= NF; i++) if ($i == "-") print $5, $(i + 1), $4}' \
    "$PROC/$FIRST/mountinfo" |
    grep -vE ' (proc|sysfs|cgroup|cgroup2|devpts|mqueue|securityfs|bpf|tracefs|debugfs) ' >"$WORK/volumes"
  while read -r point type source; do
    case $point in /proc/* | /sys/*) continue ;; esac
    inner=$(plainly "$point")
    place=$PROC/$FIRST/root$inner
    if [ -d "$place" ]; then
      LISTING=8388608 within "$place" "$ID/volume.$number.list" listing
      case $source in # values of secrets are not even hashed
        *kubernetes.io~secret* | *kubernetes.io~projected* | / ) ;;
        *) [ "$type" = tmpfs ] && [ "$inner" != /dev/shm ] && [ "$inner" != /tmp ] ||
             within "$place" "$ID/volume.$number.hashes" hashes -perm -100 -size -33554432c ;;
      esac
    fi
    number=$((number + 1))
  done <"$WORK/volumes"
}

# -- one file or folder: FETCH_PATH (FETCH_MOUNTED is the same as mountinfo writes it), or FETCH_PID

find_mount() { # what is mounted over the path, but for the root: its line of mountinfo, or nothing
  MOUNT=$(awk '{if ($5 != "/" && index(ENVIRON["FETCH_MOUNTED"] "/", $5 "/") == 1 && !(length($5) < n))
    {n = length($5); found = $0}} END {print found}' "$PROC/$FIRST/mountinfo")
}
may_be_secret() { # of $MOUNT; a secret is a memory volume whose name only the node's mounts tell
  device=$(printf '%s' "$MOUNT" | awk '{print $3}')
  on_node=$(awk -v device="$device" '$3 == device {print $4, $5}' "$PROC/1/mountinfo")
  case "$MOUNT $on_node" in *kubernetes.io~secret* | *kubernetes.io~projected*) return 0 ;; esac
  case $MOUNT in *' - tmpfs '*) ;; *) return 1 ;; esac
  case $on_node in *kubernetes.io~*) return 1 ;; esac
  grep -q kubepods "$PROC/$FIRST/cgroup" && [ "$(printf '%s' "$MOUNT" | awk '{print $5}')" != /dev/shm ]
}
is_plain() { # FOLDER: no link on the way to the path, which would lead out to the node's own files
  if [ -n "$MOUNT" ] || [ "$1" = "$PROC/$FIRST/root" ]; then
    way=$1; rest=$FETCH_PATH
    while [ -n "$rest" ]; do
      way=$way/${rest%%/*}
      [ ! -L "$way" ] || return 1
      case $rest in */*) rest=${rest#*/} ;; *) rest= ;; esac
    done
    return 0
  fi
  top=$(readlink -f "$1")
  [ "$(readlink -f "$1/$FETCH_PATH")" = "${top%/}${FETCH_PATH:+/$FETCH_PATH}" ]
}
find_file() { # in the folders of a list, topmost first: sets WHAT, and FILE or a list of folders
  WHAT=; FILE=; : >"$WORK/folders"
  while read -r layer; do
    place=$layer/$FETCH_PATH
    [ -n "$layer" ] && is_plain "$layer" || continue
    # a whiteout: deleted in this layer, whatever the ones below have
    [ ! -c "$place" ] || break
    if [ -d "$place" ]; then WHAT=folder; printf '%s\n' "$place" >>"$WORK/folders"
    elif [ -e "$place" ]; then
      [ -z "$WHAT" ] && [ -f "$place" ] && WHAT=file && FILE=$place
      break
    fi
  done <"$1"
}
told() { # what was found, and its size in bytes: `file 12`, `folder 340 7`, `nothing`
  case $WHAT in
    file) echo "file $(stat -c %s "$FILE")" ;;
    folder) while read -r place; do find "$place" -xdev -type f -exec stat -c %s {} +; done <"$WORK/folders" |
      awk '{bytes += $1; count++} END {printf "folder %.0f %d\n", bytes, count}' ;;
    *) echo nothing ;;
  esac
}
give() { # NAME: what it is, and the file if it is not too large
  part "$1.what" told
  size=$(told | awk '$1 == "file" {print $2}')
  [ -z "$size" ] || [ "$size" -gt "$FETCH_LIMIT" ] || part "$1" head -c "$FETCH_LIMIT" "$FILE"
}
names() { find . -xdev -type f -print0; }
all_files() { find . -xdev -type f -print0 | xargs -0 -r tar -cf - --no-recursion; }
give_folder() { # the files of each layer, since only the layers can be read without a trace
  size=$(told | awk '$1 == "folder" {print $2}')
  [ -n "$size" ] && [ "$size" -le "$FETCH_LIMIT" ] || return 0
  within "$PROC/$FIRST/root/$FETCH_PATH" fetch.names names
  number=0
  while read -r place; do
    within "$place" "fetch.$number.tar" all_files
    within "$place" "fetch.$number.hashes" hashes
    number=$((number + 1))
  done <"$WORK/folders"
}
# -- the container's own layer, whiteouts too; of a file over the limit its name and size

too_large() { find . -xdev -type f -size "+${FETCH_LIMIT}c" -exec stat -c '%s %n' {} +; }
not_too_large() {
  find . -xdev ! -type s '(' ! -type f -o ! -size "+${FETCH_LIMIT}c" ')' -print0 | xargs -0 -r tar -cf - --no-recursion
}
told_to_run() { # the runtime's config.json beside its shim's folder; of the environment the names only
  above=$(awk '/^PPid:/ {print $2}' "$PROC/$FIRST/status")
  folder=$(readlink "$PROC/$above/cwd")
  head -c 4194304 "$HOST${folder%/*}/$ID/config.json" | awk '
    { text = text $0 "\n" }
    END {
      size = length(text)
      for (i = 1; i <= size; i++) {
        char = substr(text, i, 1)
        if (is_string && is_escaped) is_escaped = 0
        else if (is_string && char == "\\") is_escaped = 1
        else if (char == "\"") {
          if (is_string && !is_list) key = word
          is_string = !is_string; is_value = 0; word = ""
        } else if (is_string) {
          if (is_list && char == "=" && !is_value) { is_value = 1; printf "=" }
          word = word char
        } else if (char == "[" && key == "env") is_list = 1
        else if (char == "]") { is_list = 0; key = "" }
        if (!is_value) printf "%s", char
      }
    }'
}
own_layer() {
  find_layers
  if [ -z "$upper" ] || [ ! -d "$HOST$upper" ]; then
    echo "no overlay upper folder for $ID" >>"$WORK/errors"; return
  fi
  within "$HOST$upper" layer.left too_large
  within "$HOST$upper" layer.tar not_too_large
  part layer.config told_to_run
}
fetch() {
  if [ -n "$FETCH_PID" ]; then WHAT=file; FILE=$PROC/$FETCH_PID/exe
    part fetch.what stat -L -c 'file %s' "$FILE"
    [ "$(stat -L -c %s "$FILE")" -gt "$FETCH_LIMIT" ] || part fetch head -c "$FETCH_LIMIT" "$FILE"
    return
  fi
  for ID in $IDS; do find_pids; done
  if [ -n "$FETCH_LAYER" ]; then own_layer; return; fi
  find_mount; find_layers
  if [ -n "$MOUNT" ] && may_be_secret; then
    echo "values of secrets are not fetched" >>"$WORK/errors"; return
  fi
  sed "s|^|$HOST|" "$WORK/lower" >"$WORK/image"
  { printf '%s\n' "$HOST$upper"; cat "$WORK/image"; } >"$WORK/now"
  if [ -n "$MOUNT" ] || [ -z "$upper" ]; then printf '%s\n' "$PROC/$FIRST/root" >"$WORK/now"; fi
  if is_plain "$PROC/$FIRST/root" && [ -e "$PROC/$FIRST/root/$FETCH_PATH" ]; then
    find_file "$WORK/now"; give fetch; give_folder
  else
    WHAT=; give fetch
  fi
  if [ -n "$FETCH_IMAGE" ] && [ -z "$MOUNT" ]; then find_file "$WORK/image"; give fetch.image; fi
}

all_pids() { printf '%s\n' "$PROC"/[0-9]*/"$1"; }
node_stats() { all_pids stat | xargs grep -H ''; }
node_status() { all_pids status | xargs grep -HE '^(Name|Uid|PPid|CapEff|Seccomp|NSpid):'; }
node_groups() { all_pids cgroup | xargs grep -H ''; }
node_exes() { for which in exe root ns/mnt ns/pid; do all_pids "$which"; done | xargs stat -c "@$NONCE %n %N"; }
node_roots() { # what is / for whom: `PID DEVICE TYPE`, one process of each mount namespace
  all_pids ns/mnt | xargs stat -L -c '%i %n' 2>/dev/null | sort -s -k1,1 -u | sed "s|^[^ ]* $PROC/||; s|/.*||" |
    while read -r pid; do
      awk -v pid="$pid" '$5 == "/" {for (i = 7; i <= NF; i++) if ($i == "-") told = pid " " $3 " " $(i + 1)} END {if (told) print told}' \
        "$PROC/$pid/mountinfo" 2>/dev/null
    done
}
node_settings() {
  for file in kernel/core_pattern kernel/modprobe kernel/hotplug kernel/usermodehelper/bset kernel/yama/ptrace_scope; do
    [ ! -r "$PROC/sys/$file" ] || grep -H '' "$PROC/sys/$file"
  done
  grep -H '' "$PROC/stat" "$PROC/uptime" "$PROC/modules" "$PROC/sys/kernel/tainted" "$PROC/sys/kernel/osrelease"
  find "$HOST/sys/fs/cgroup" -maxdepth 2 -name release_agent 2>/dev/null | xargs -r grep -H ''
  find "$HOST$PROC/sys/fs/binfmt_misc" -type f ! -name register ! -name status 2>/dev/null | xargs -r grep -H ''
  [ ! -s "$HOST/etc/ld.so.preload" ] || grep -H '' "$HOST/etc/ld.so.preload"
}
node_files() { # what an attacker who is root on the node touches, by its metadata
  for file in /var/run/docker.sock /run/containerd/containerd.sock /run/crio/crio.sock /etc/kubernetes \
    /var/lib/kubelet/pki /var/lib/kubelet/kubeconfig /etc/kubernetes/manifests /etc/ld.so.preload \
    /etc/passwd /etc/shadow /etc/sudoers /etc/sudoers.d /etc/crontab /etc/cron.d /var/spool/cron \
    /root/.ssh /etc/ssh/sshd_config /etc/systemd/system /usr/local/bin; do
    [ ! -e "$HOST$file" ] || find "$HOST$file" -maxdepth 2 -xdev -exec stat -c "$STAT" {} +
  done
}
clock() { date +%s; grep -H '^btime' "$PROC/stat"; getconf CLK_TCK 2>/dev/null || echo 100; }

part clock clock
if [ -n "$FETCH_MOUNTED$FETCH_PID$FETCH_LAYER" ]; then fetch; IDS=; fi
if [ -n "$SAMPLE" ]; then part sample sample; fi
for ID in $IDS; do
  find_pids
  if [ -z "$PIDS" ]; then
    echo "no process of container $ID on this node" >>"$WORK/errors"
    continue
  fi
  export ID FIRST NONCE
  part "$ID/count" echo "$ALL" "$MAX_PIDS"
  part "$ID/texts" texts
  part "$ID/bytes" byte_texts
  part "$ID/links" links
  part "$ID/maps" odd_maps
  part "$ID/exefiles" exe_files
  part "$ID/exehashes" exe_hashes
  part "$ID/net" network
  part "$ID/rules" rules
  part "$ID/names" name_settings
  part "$ID/mounts" mounts
  overlay
  volumes
done
if [ "$NODE" = 1 ]; then
  part node/stats node_stats
  part node/status node_status
  part node/groups node_groups
  part node/exes node_exes
  part node/roots node_roots
  part node/settings node_settings
  part node/files node_files
fi
part errors head -c 1048576 "$WORK/errors"
echo "@$NONCE done $(wc -l <"$WORK/parts")"
