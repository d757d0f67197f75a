-- id: auditd
-- title: Linux audit daemon: all records of one event together
-- kind: record
-- rank: 15
-- recognise: ^(node=\S+ )?type=[A-Z_0-9]+ msg=audit\(\d+\.\d+:\d+\):
-- recognise: ^(\[ *\d+\.\d+\] )?audit: type=\d+ audit\(\d+\.\d+:\d+\):
-- example: type=USER_AUTH msg=audit(1783414613.119:441): pid=2124 uid=0 auid=4294967295 ses=4294967295 msg='op=pubkey acct="root" exe="/usr/libexec/openssh/sshd-session" hostname=? addr=172.23.112.1 terminal=ssh res=failed'
-- yields: process, network, login, file, system
-- source: https://github.com/linux-audit/audit-documentation/wiki; auditd writes one line per record
with heads as (
    select
        evidence, path, line, offset_bytes, node as outer_node,
        regexp_extract(message,
            '^(?:\[ *\d+\.\d+\] )?(?:node=(\S+) )?(?:audit: )?type=(\w+) (?:msg=)?audit\((\d+)\.(\d+):(\d+)\): ?((?s:.*))$',
            ['node', 'type', 'seconds', 'millis', 'serial', 'text']) as h
    from lines
),
records as (
    select
        evidence, path, line, offset_bytes,
        coalesce(nullif(h.node, ''), outer_node) as node,
        case h.type
            when '1326' then 'SECCOMP' when '1400' then 'AVC' when '1300' then 'SYSCALL'
            when '1309' then 'EXECVE' when '1327' then 'PROCTITLE' when '1302' then 'PATH'
            when '1701' then 'ANOM_ABEND'
            else h.type
        end as type,
        make_timestamp(
            try_cast(h.seconds as bigint) * 1000000
            + try_cast(rpad(left(h.millis, 6), 6, '0') as bigint)) as ts,
        h.seconds || '.' || h.millis || ':' || h.serial as serial,
        -- enriched fields stand after 0x1D; msg='…' of user space holds more pairs
        replace(replace(h.text, chr(29), ' '), 'msg=''', ' ') as text,
        max(line) over (partition by evidence, path) as last_line
    from heads
    where h.type != ''
),
parsed as (
    select
        *,
        nullif(regexp_extract(text, '(?:^| )pid=(\d+)', 1), '') as pid,
        nullif(regexp_extract(text, '(?:^| )ppid=(\d+)', 1), '') as ppid,
        nullif(regexp_extract(text, '(?:^| )(?:auid|AUID)=(\S+)', 1), '') as auid,
        nullif(regexp_extract(text, '(?:^| )uid=(\d+)', 1), '') as uid,
        nullif(regexp_extract(text, ' UID="([^"]*)"', 1), '') as uid_name,
        nullif(regexp_extract(text, ' AUID="([^"]*)"', 1), '') as auid_name,
        nullif(regexp_extract(text, '(?:^| )ses=(\d+)', 1), '') as ses,
        nullif(regexp_extract(text, '(?:^| )syscall=(\d+)', 1), '') as syscall,
        nullif(regexp_extract(text, '(?:^| )(?:success|res|result)=(\w+)', 1), '') as success,
        nullif(regexp_extract(text, '(?:^| )exit=(-?\w+)', 1), '') as exit,
        audit_value(regexp_extract(text, '(?:^| )exe=("[^"]*"|[^\s'']+)', 1)) as exe,
        audit_value(regexp_extract(text, '(?:^| )comm=("[^"]*"|[^\s'']+)', 1)) as comm,
        audit_value(regexp_extract(text, '(?:^| )acct=("[^"]*"|[^\s'']+)', 1)) as acct,
        audit_value(regexp_extract(text, '(?:^| )cwd=("[^"]*"|[^\s'']+)', 1)) as cwd,
        audit_value(regexp_extract(text, '(?:^| )(?:name|path)=("[^"]*"|[^\s'']+)', 1)) as name,
        audit_value(regexp_extract(text, '(?:^| )cmd=("[^"]*"|[^\s'']+)', 1)) as cmd,
        nullif(nullif(regexp_extract(text, '(?:^| )addr=([^\s'']+)', 1), '?'), '') as addr,
        nullif(regexp_extract(text, '(?:^| )op=([^\s'']+)', 1), '') as op,
        nullif(trim(regexp_extract(text, '(?:^| )key=("[^"]*"|\S+)', 1), '"'), '') as key,
        if(type = 'SOCKADDR', regexp_extract(text, 'saddr=([0-9A-Fa-f]+)', 1), null) as saddr,
        if(type = 'PROCTITLE',
            hex_text_spaced(regexp_extract(text, 'proctitle=("[^"]*"|\S+)', 1)), null) as proctitle,
        if(type = 'EXECVE',
            array_to_string(
                list_transform(
                    regexp_extract_all(text, '(?:^| )a\d+(?:\[\d+\])?=("[^"]*"|\S+)', 1),
                    lambda x: coalesce(audit_value(x), '')), ' '),
            null) as argv
    from records
),
events as (
    select
        evidence, path, serial, any_value(node) as node,
        min(line) as line, min(offset_bytes) as offset_bytes, min(ts) as ts,
        list(line order by line) as all_lines, max(line) as newest, any_value(last_line) as last_line,
        list(type order by line) as types,
        arg_min(type, if(type in ('CWD', 'PATH', 'PROCTITLE', 'SOCKADDR', 'EXECVE'), 2, 1) * 1e9 + line)
            as type,
        min(pid) as pid, min(ppid) as ppid, min(auid) as auid, min(uid) as uid,
        min(uid_name) as uid_name, min(auid_name) as auid_name, min(ses) as ses,
        min(syscall) as syscall, min(success) as success, min(exit) as exit, min(exe) as exe,
        min(comm) as comm, min(acct) as acct, min(cwd) as cwd,
        arg_min(name, line) filter (type in ('PATH', 'AVC')) as name,
        min(cmd) as cmd, min(addr) as addr, min(op) as op, min(key) as key, min(saddr) as saddr,
        min(proctitle) as proctitle, string_agg(argv, ' ' order by line) as argv,
        string_agg(type || ' ' || text, chr(10) order by line) as whole
    from parsed
    group by evidence, path, serial
),
named as (
    select
        *,
        saddr[1:4] in ('0200', '0A00') as has_address,
        case
            when saddr[1:4] = '0200' then concat_ws('.', hex_le(saddr[9:10]), hex_le(saddr[11:12]),
                hex_le(saddr[13:14]), hex_le(saddr[15:16]))
            when saddr[1:4] = '0A00' then lower(array_to_string(
                list_transform(range(0, 8), lambda i: substring(saddr, (17 + i * 4)::bigint, 4)), ':'))
        end as sock_ip,
        if(saddr[1:4] in ('0200', '0A00'), try_cast('0x' || saddr[5:8] as integer), null) as sock_port,
        if(saddr[1:4] = '0100', hex_text(substring(saddr, 5)), null) as sock_path
    from events
)
select
    evidence, line, offset_bytes, node, ts, 'exact' as ts_quality,
    case
        when type in ('SECCOMP', 'AVC', 'ANOM_ABEND', 'USER_AVC', 'SELINUX_ERR')
            or type like 'ANOM%' then 'alert'
        when type in ('USER_LOGIN', 'USER_AUTH', 'USER_ACCT', 'USER_START', 'USER_END', 'LOGIN',
            'CRED_ACQ', 'CRED_DISP', 'CRED_REFR', 'USER_LOGOUT', 'USER_ERR', 'USER_CHAUTHTOK',
            'ADD_USER', 'DEL_USER', 'ADD_GROUP', 'DEL_GROUP', 'USER_MGMT', 'GRP_MGMT', 'ACCT_LOCK')
            then 'login'
        when has_address then 'network'
        when type in ('USER_CMD') or list_contains(types, 'EXECVE') or syscall in ('59', '322')
            then 'process'
        when list_contains(types, 'PATH') then 'file'
        else 'system'
    end as category,
    case
        when type = 'USER_CMD' then 'sudo'
        when list_contains(types, 'EXECVE') or syscall in ('59', '322') then 'exec'
        when has_address and syscall = '42' then 'connect'
        when has_address and syscall in ('43', '288') then 'accept'
        when has_address and syscall = '49' then 'bind'
        when has_address then 'socket'
        when type = 'SYSCALL' and syscall is not null then audit_syscall(syscall)
        when type = 'AVC' and contains(whole, 'apparmor="DENIED"') then 'deny'
        when type = 'AVC' then 'deny'
        else lower(type)
    end as activity,
    case
        when success in ('yes', 'success', '1') then 'ok'
        when type in ('AVC', 'USER_AVC') or exit in ('-13', '-1', 'EACCES', 'EPERM') then 'denied'
        when success in ('no', 'failed', '0') then 'failed'
        else 'unknown'
    end as outcome,
    exit as status,
    case
        when type in ('AVC', 'SECCOMP', 'ANOM_ABEND') or type like 'ANOM%' then 4
        when success in ('no', 'failed', '0') then 3
        when type in ('ADD_USER', 'DEL_USER', 'CONFIG_CHANGE', 'ADD_GROUP') then 3
        else 1
    end as severity,
    coalesce(nullif(acct, '(unknown)'), nullif(auid_name, 'unset'), uid_name,
        if(auid in ('4294967295', '-1', 'unset'), null, auid), uid) as actor,
    'user' as actor_type,
    nullif(ses, '4294967295') as session,
    if(has_address and syscall = '42', null, coalesce(addr, if(has_address, sock_ip, null))) as src_ip,
    if(has_address and syscall != '42', sock_port, null) as src_port,
    if(has_address and syscall = '42', sock_ip, null) as dst_ip,
    if(has_address and syscall = '42', sock_port, null) as dst_port,
    coalesce(name, sock_path) as file_path,
    try_cast(pid as bigint) as pid, try_cast(ppid as bigint) as ppid, exe,
    coalesce(argv, cmd, proctitle) as cmdline,
    concat_ws(' ',
        type, op, coalesce(argv, cmd, proctitle, exe, comm),
        if(has_address, 'to ' || sock_ip || ':' || sock_port, null),
        if(list_contains(types, 'EXECVE'), null, name), acct, addr,
        if(success in ('no', 'failed', '0'), 'failed', null), key) as message,
    json_object('types', types, 'serial', serial, 'syscall', syscall, 'comm', comm, 'cwd', cwd,
        'auid', auid, 'uid', uid, 'key', key, 'records', whole) as fields,
    list_filter(all_lines, lambda x: x != line) as cites,
    -- records of one event may be apart: the last ones of what is seen may go on
    newest > last_line - 200 as is_open
from named
