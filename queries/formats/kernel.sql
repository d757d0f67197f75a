-- id: kernel
-- title: Kernel messages: firewall, out of memory, crashes, modules
-- kind: record
-- rank: 42
-- recognise: ^(\[ *\d+\.\d+\] ?)?.{0,80}IN=\S* OUT=\S* .*SRC=\S+ DST=\S+
-- recognise: ^(\[ *\d+\.\d+\] ?)?(Out of memory: Kill|Memory cgroup out of memory|oom-kill:|\S+\[\d+\]: segfault at|.{1,20} invoked oom-killer|traps: |device \S+ (entered|left) promiscuous mode|\S+: (module verification failed|loading out-of-tree module|module license)|process '.*' launched|bpfilter|[\w .-]+\[\d+\] (bad|trap))
-- example: [50028442.088484] IN=enp1s0 OUT= MAC=00:08:a2:0c:1f:12:00:c8:8b:e2:d6:87:08:00 SRC=195.54.160.107 DST=51.15.166.67 LEN=40 TOS=0x00 PREC=0x00 TTL=245 ID=37308 PROTO=TCP SPT=8080 DPT=8123 WINDOW=1024 RES=0x00 SYN URGP=0
-- example: [  203.842973] [UFW BLOCK] IN=eth0 OUT= MAC=00:00 SRC=198.51.100.7 DST=10.0.0.5 LEN=60 PROTO=TCP SPT=4711 DPT=6443 SYN
-- yields: network, system
-- source: netfilter nf_log_syslog.c; mm/oom_kill.c; arch/x86/mm/fault.c
with said as (
    select
        evidence, line, offset_bytes,
        regexp_replace(message, '^\[ *\d+\.\d+\] ?', '') as message
    from lines
    where program is null or program in ('kernel', 'ulogd')
),
kinds as (
    select
        *,
        case
            when regexp_matches(message, '(^|[\s:\]-])IN=\S* OUT=\S* .*SRC=[0-9A-Fa-f:.]+ DST=[0-9A-Fa-f:.]+ ')
                then 'packet'
            when regexp_matches(message, '^(Out of memory: Kill|Memory cgroup out of memory|oom-kill:|.{1,20} invoked oom-killer)')
                then 'oom_kill'
            when regexp_matches(message, '^(.{1,20}\[\d+\]: segfault at |traps: )') then 'crash'
            when regexp_matches(message, '^device \S+ (entered|left) promiscuous mode') then 'promiscuous'
            when regexp_matches(message, '^\S+: (module verification failed|loading out-of-tree module|module license)')
                then 'load_module'
        end as kind
    from said
),
packets as (
    select
        *,
        if(kind = 'packet', regexp_extract(message, '^(.*?)[\s:]*IN=(\S*) OUT=(\S*) .*?SRC=(\S+) DST=(\S+)',
            ['prefix', 'inside', 'outside', 'src', 'dst']), null) as p,
        -- an ICMP error holds the packet that it is about in brackets: the outer one counts
        regexp_extract(regexp_replace(message, '\[SRC=.*$', ''), '(?:^| )PROTO=(\w+)', 1) as proto,
        regexp_extract(regexp_replace(message, '\[SRC=.*$', ''), '(?:^| )SPT=(\d+)', 1) as spt,
        regexp_extract(regexp_replace(message, '\[SRC=.*$', ''), '(?:^| )DPT=(\d+)', 1) as dpt,
        regexp_extract(message, '[Kk]illed? process (\d+),? \((.*?)\)(?: total-vm|,|$)', ['pid', 'name']) as killed,
        regexp_extract(message, '^(?:traps: )?(.{1,20}?)\[(\d+)\]:? (?:segfault|general|trap)', ['name', 'pid'])
            as crashed,
        coalesce(
            nullif(regexp_extract(message, ',task=(.{1,16}),pid=(\d+),uid=', 1), ''),
            nullif(regexp_extract(message, '^(.{1,20}) invoked oom-killer', 1), '')) as victim,
        try_cast(nullif(regexp_extract(message, ',task=.{1,16},pid=(\d+),uid=', 1), '') as bigint)
            as victim_pid
    from kinds
    where kind is not null
),
judged as (
    select
        *,
        case
            when kind != 'packet' then kind
            when regexp_matches(p.prefix, '(?i)drop|block|reject|deny|denied|refus') then 'block'
            when regexp_matches(p.prefix, '(?i)accept|allow|permit') then 'accept'
            else 'packet'
        end as activity
    from packets
)
select
    evidence, line, offset_bytes,
    if(kind = 'packet', 'network', 'system') as category, activity,
    case
        when activity = 'block' then 'denied'
        when activity = 'accept' then 'ok'
        when kind in ('oom_kill', 'crash') then 'failed'
        else 'unknown'
    end as outcome,
    case when kind = 'packet' then 1 when kind in ('oom_kill', 'crash') then 4 else 3 end as severity,
    address_of(p.src) as src_ip, try_cast(spt as usmallint) as src_port,
    address_of(p.dst) as dst_ip, try_cast(dpt as usmallint) as dst_port,
    coalesce(try_cast(killed.pid as bigint), try_cast(crashed.pid as bigint), victim_pid) as pid,
    coalesce(nullif(killed.name, ''), nullif(crashed.name, ''), victim) as exe,
    nullif(regexp_extract(message, '(?:docker-|cri-containerd-|crio-|libpod-|/docker/|/)([0-9a-f]{64})(?:\.scope|[,/ ]|$)', 1), '')
        as container_id,
    if(kind = 'packet',
        concat_ws(' ', nullif(rtrim(p.prefix, ': '), ''), proto,
            p.src || coalesce(':' || nullif(spt, ''), ''), '→',
            p.dst || coalesce(':' || nullif(dpt, ''), '')),
        message) as message,
    json_object('text', message, 'protocol', nullif(proto, ''), 'in', nullif(p.inside, ''),
        'out', nullif(p.outside, ''), 'prefix', nullif(p.prefix, '')) as fields
from judged
