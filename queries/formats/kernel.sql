-- id: kernel
-- title: Kernel messages: firewall, out of memory, crashes
-- kind: record
-- rank: 42
-- recognise: ^(\[ *\d+\.\d+\] ?)?.{0,80}IN=\S* OUT=\S* .*SRC=\S+ DST=\S+
-- recognise: ^(\[ *\d+\.\d+\] ?)?(Out of memory: Kill|Memory cgroup out of memory|oom-kill:|\S+\[\d+\]: segfault at|\S+ invoked oom-killer|traps: |device \S+ entered promiscuous mode|\S+: module verification failed)
-- example: [50028442.088484] IN=enp1s0 OUT= MAC=00:08:a2:0c:1f:12:00:c8:8b:e2:d6:87:08:00 SRC=195.54.160.107 DST=51.15.166.67 LEN=40 TOS=0x00 PREC=0x00 TTL=245 ID=37308 PROTO=TCP SPT=8080 DPT=8123 WINDOW=1024 RES=0x00 SYN URGP=0
-- yields: network, system
-- source: netfilter nf_log_syslog.c; mm/oom_kill.c
with said as (
    select
        evidence, line, offset_bytes,
        regexp_replace(message, '^\[ *\d+\.\d+\] ?', '') as message
    from lines
    where program is null or program = 'kernel'
),
packets as (
    select
        *,
        nullif(regexp_extract(message, '(?:^| )SRC=([0-9A-Fa-f:.]+)', 1), '') as src,
        nullif(regexp_extract(message, '(?:^| )DST=([0-9A-Fa-f:.]+)', 1), '') as dst,
        regexp_extract(message, '(?:^| )PROTO=(\w+)', 1) as proto,
        regexp_extract(message, '(?:^| )SPT=(\d+)', 1) as spt,
        regexp_extract(message, '(?:^| )DPT=(\d+)', 1) as dpt,
        trim(regexp_extract(message, '^(.*?)\s*IN=', 1)) as prefix,
        regexp_matches(message, '(^| )IN=\S* OUT=\S* ') as is_packet,
        regexp_extract(message, '[Kk]illed? process (\d+) \(([^)]*)\)', ['pid', 'name']) as killed,
        regexp_extract(message, '^(\S+)\[(\d+)\]: segfault', ['name', 'pid']) as crashed
    from said
)
select
    evidence, line, offset_bytes,
    if(is_packet, 'network', 'system') as category,
    case
        when is_packet and regexp_matches(prefix, '(?i)drop|block|reject|deny') then 'block'
        when is_packet and regexp_matches(prefix, '(?i)accept|allow') then 'accept'
        when is_packet then 'packet'
        when message like '%oom%' or message like '%ut of memory%' then 'oom_kill'
        when crashed.name != '' then 'crash'
        else 'log'
    end as activity,
    case
        when is_packet and regexp_matches(prefix, '(?i)drop|block|reject|deny') then 'denied'
        when is_packet and regexp_matches(prefix, '(?i)accept|allow') then 'ok'
        when is_packet then 'unknown'
        else 'failed'
    end as outcome,
    if(is_packet, 1, 4) as severity,
    src as src_ip, try_cast(spt as usmallint) as src_port,
    dst as dst_ip, try_cast(dpt as usmallint) as dst_port,
    coalesce(try_cast(killed.pid as bigint), try_cast(crashed.pid as bigint)) as pid,
    coalesce(nullif(killed.name, ''), nullif(crashed.name, '')) as exe,
    if(is_packet,
        concat_ws(' ', nullif(rtrim(prefix, ': '), ''), proto,
            src || coalesce(':' || nullif(spt, ''), ''), '→', dst || coalesce(':' || nullif(dpt, ''), '')),
        message) as message,
    json_object('text', message, 'protocol', nullif(proto, '')) as fields
from packets
where (is_packet and src is not null and dst is not null)
    or regexp_matches(message, '(Out of memory: Kill|Memory cgroup out of memory|^oom-kill:|\]: segfault at|invoked oom-killer|^traps: |entered promiscuous mode|module verification failed)')
