# Memory of one process of the pod, region by region: first what is nowhere else. It only reads, and the
# process runs on. In: TARGET_PID, MATCH (marks of the pod in its cgroup), LIMIT (bytes), PAUSE (seconds
# after each megabyte), FILES (1: also what is mapped from files and not written to), NONCE.
# Out: sections as of console/visibility/reader.sh.
export PATH=/bin:/sbin:/usr/bin:/usr/sbin LC_ALL=C
P=/proc/$TARGET_PID WORK=/dev/shm
grep -qFe "$MATCH" "$P/cgroup" 2>/dev/null || { echo "lacks process"; echo done; exit 0; }
part() { # NAME COMMAND...: what the command prints, as one section
  name=$1; shift
  echo "@$NONCE begin $name"
  rm -f "$WORK/pipe"; mkfifo "$WORK/pipe"
  sha256sum <"$WORK/pipe" >"$WORK/sum" & hashing=$!
  "$@" 2>/dev/null | tee "$WORK/pipe" | gzip -1 | base64
  wait $hashing
  read -r sum rest <"$WORK/sum"
  echo "@$NONCE end $name $sum"
}
started() { sed 's/.*) //' "$P/stat" | cut -d' ' -f20; }
machine() { uname -m; }
regions() { # place in the order, start, end, permissions, kB in memory or swap, path
  awk -v files="$FILES" '
    function tell() {
      if (start == "") return
      place = path == "" || path ~ /^\[anon/ ? 2 : perms ~ /w/ ? 3 : files ? 4 : 7
      if (path ~ /^\[(heap|stack)/ || path ~ /^\/memfd:/ || path ~ /\(deleted\)$/) place = 1
      if (place == 2 && perms ~ /x/) place = 1
      if (path ~ /^\/dev\// && path !~ /^\/dev\/(shm\/|zero)/) place = 8
      if (path ~ /^\[v/ || perms !~ /^r/) place = 9
      print place, start, end, perms, held, path
    }
    /^[0-9a-f]+-[0-9a-f]+ / {
      tell()
      split($1, ends, "-"); start = ends[1]; end = ends[2]; perms = $2; held = 0
      path = $0; sub(/^[^ ]+ +[^ ]+ +[^ ]+ +[^ ]+ +[^ ]+ */, "", path)
      next
    }
    /^(Rss|Swap):/ { held += $2 }
    END { tell() }' "$P/smaps" | sort -n -k1,1 -s
}
pages() { # first, how many; up to the first that can not be read
  at=$1 more=$2
  while [ "$more" -gt 0 ]; do
    n=256; [ "$more" -ge 256 ] || n=$more
    dd if="$P/mem" bs=4096 skip="$at" count="$n" 2>/dev/null || break
    at=$((at + n)); more=$((more - n))
    sleep "$PAUSE"
  done
}
part machine machine
part started started
part status cat "$P/status"
part cmdline head -c 65536 "$P/cmdline"
part exe readlink "$P/exe"
regions >"$WORK/regions"
part regions cat "$WORK/regions"
left=$((LIMIT / 4096))
while read -r place start end perms held path; do
  [ "$place" -lt 7 ] && [ "$held" -gt 0 ] && [ "$left" -gt 0 ] || continue
  count=$(((0x$end - 0x$start) / 4096)); [ "$count" -le "$left" ] || count=$left
  part "$start" pages $((0x$start / 4096)) "$count"
  left=$((left - count))
done <"$WORK/regions"
part started.after started
echo "@$NONCE done"
echo done
