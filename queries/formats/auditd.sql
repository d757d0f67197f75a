-- id: auditd
-- title: Linux audit: all records of one event together
-- kind: record
-- rank: 15
-- recognise: ^(node=\S+ )?type=[A-Z_0-9]+(\[\d+\])? msg=audit\(\d+\.\d+:\d+\)
-- recognise: ^(\[ *\d+\.\d+\] )?audit: type=\d+ audit\(\d+\.\d+:\d+\):
-- recognise: ^(\[ *\d+\.\d+\] )?type=\d+ audit\(\d+\.\d+:\d+\):
-- example: type=USER_AUTH msg=audit(1783414613.119:441): pid=2124 uid=0 auid=4294967295 ses=4294967295 msg='op=pubkey acct="root" exe="/usr/libexec/openssh/sshd-session" hostname=? addr=172.23.112.1 terminal=ssh res=failed'
-- example: type=SYSCALL msg=audit(1684331782.575:3293): arch=c000003e syscall=59 success=yes exit=0 ppid=26843 pid=27368 auid=1000 uid=1000 ses=106985 comm="rm" exe="/bin/rm" key=(null)
-- yields: process, network, login, file, system, alert
-- source: https://github.com/linux-audit/audit-documentation/wiki; auditd writes one line per record
-- An event is (node, time, serial), not neighbouring lines. Quoted values hold no quotes, blanks or
-- controls (they would be hexadecimal), so nothing that a process names can look like a field.
with heads as (
    select
        evidence, path, line, offset_bytes, node as outer_node, program,
        regexp_extract(message,
            '^(?:\[ *\d+\.\d+\] )?(?:node=(\S+) )?(?:audit: )?type=([\w\[\]]+) (?:msg=)?audit\((\d{1,10})\.(\d{1,9}):(\d{1,20})\):? ?((?s:.*))$',
            ['node', 'type', 'seconds', 'millis', 'serial', 'text']) as h
    from lines
),
records as (
    select
        evidence, path, line, offset_bytes,
        coalesce(nullif(h.node, ''), outer_node) as node,
        case h.type
            when '1006' then 'LOGIN' when '1016' then 'SECCOMP' when '1100' then 'USER_AUTH'
            when '1101' then 'USER_ACCT' when '1103' then 'CRED_ACQ' when '1104' then 'CRED_DISP'
            when '1105' then 'USER_START' when '1106' then 'USER_END' when '1112' then 'USER_LOGIN'
            when '1123' then 'USER_CMD' when '1130' then 'SERVICE_START'
            when '1131' then 'SERVICE_STOP' when '1300' then 'SYSCALL' when '1302' then 'PATH'
            when '1305' then 'CONFIG_CHANGE' when '1306' then 'SOCKADDR' when '1307' then 'CWD'
            when '1309' then 'EXECVE' when '1320' then 'EOE' when '1325' then 'NETFILTER_CFG'
            when '1326' then 'SECCOMP' when '1327' then 'PROCTITLE' when '1334' then 'BPF'
            when '1400' then 'AVC' when '1700' then 'ANOM_PROMISCUOUS'
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
        nullif(nullif(regexp_extract(text, '(?:^| )auid=(\d+)', 1), ''), '4294967295') as auid,
        nullif(regexp_extract(text, '(?:^| )uid=(\d+)', 1), '') as uid,
        nullif(regexp_extract(text, ' UID="([^"]*)"', 1), '') as uid_name,
        nullif(nullif(regexp_extract(text, ' AUID="([^"]*)"', 1), ''), 'unset') as auid_name,
        nullif(regexp_extract(text, '(?:^| )ses=(\d+)', 1), '') as ses,
        regexp_extract(text, '(?:^| )arch=(\w+)', 1) as arch,
        nullif(regexp_extract(text, '(?:^| )syscall=(\w+)', 1), '') as syscall,
        nullif(regexp_extract(text, '(?:^| )(?:success|res|result)=(\w+)', 1), '') as success,
        nullif(regexp_extract(text, '(?:^| )exit=(-?\w+)', 1), '') as exit,
        nullif(regexp_extract(text, '(?:^| )code=(0x[0-9a-f]+)', 1), '') as code,
        audit_value(regexp_extract(text, '(?:^| )exe=("[^"]*"|[^\s'']+)', 1)) as exe,
        audit_value(regexp_extract(text, '(?:^| )comm=("[^"]*"|[^\s'']+)', 1)) as comm,
        audit_value(regexp_extract(text, '(?:^| )(?:acct|grp)=("[^"]*"|[^\s'']+)', 1)) as acct,
        audit_value(regexp_extract(text, '(?:^| )cwd=("[^"]*"|[^\s'']+)', 1)) as cwd,
        audit_value(regexp_extract(text, '(?:^| )(?:name|path)=("[^"]*"|[^\s'']+)', 1)) as name,
        audit_value(regexp_extract(text, '(?:^| )cmd=("[^"]*"|[^\s'']+)', 1)) as cmd,
        audit_value(regexp_extract(text, '(?:^| )unit=("[^"]*"|[^\s'']+)', 1)) as unit,
        nullif(nullif(regexp_extract(text, '(?:^| )addr=([^\s'']+)', 1), '?'), '') as addr,
        nullif(trim(regexp_extract(text, '(?:^| )op=("[^"]*"|[^\s'']+)', 1), '"'), '') as op,
        audit_value(regexp_extract(text, '(?:^| )key=("[^"]*"|\S+)', 1)) as key,
        type = 'PATH' and contains(text, 'nametype=PARENT') as is_parent,
        if(type = 'SOCKADDR',
            upper(regexp_extract(text, 'saddr=((?:02.{14}|0A.{46}|01..)[0-9A-Fa-f]*)', 1)), null)
            as saddr,
        -- SELinux says { what } of whom, AppArmor the operation and the profile
        if(type in ('AVC', 'USER_AVC'), concat_ws(' ',
            nullif(regexp_extract(text, 'apparmor="(\w+)"', 1), ''),
            nullif(regexp_extract(text, 'avc: +(\w+) +\{', 1), ''),
            nullif(trim(regexp_extract(text, '\{ ([\w ]+) \}', 1)), ''),
            nullif(regexp_extract(text, ' operation="([^"]*)"', 1), ''),
            nullif(regexp_extract(text, ' profile="([^"]*)"', 1), ''),
            nullif(regexp_extract(text, ' scontext=(\S+)', 1), '')), null) as denial,
        type in ('AVC', 'USER_AVC')
            and (contains(text, 'permissive=1') or regexp_matches(text, 'avc: +granted')
                or regexp_matches(text, 'apparmor="(ALLOWED|AUDIT|STATUS|HINT)"')) as is_permitted,
        if(type = 'PROCTITLE', regexp_extract(text, 'proctitle=("[^"]*"|\S+)', 1), null) as title,
        if(type = 'EXECVE',
            list_zip(
                regexp_extract_all(text, '(?:^| )a\d+(\[\d+\])?=("[^"]*"|\S+)', 1),
                regexp_extract_all(text, '(?:^| )a\d+(\[\d+\])?=("[^"]*"|\S+)', 2)),
            null) as args
    from records
),
spoken as (
    select
        * exclude (title, args),
        if(title[1] = '"', trim(title, '"'), hex_lossy(title)) as proctitle,
        -- a long argument comes in pieces: a1[0], a1[1]
        array_to_string(list_transform(args, lambda arg:
            if(coalesce(arg[1], '') in ('', '[0]'), ' ', '')
            || case
                when arg[2][1] = '"' then trim(arg[2], '"')
                when regexp_full_match(arg[2], '([0-9A-F]{2})+') then hex_lossy(arg[2])
                else arg[2]
            end), '') as argv
    from parsed
),
events as (
    select
        evidence, path, node, serial,
        min(line) as line, min(offset_bytes) as offset_bytes, min(ts) as ts,
        list(line order by line) as all_lines, max(line) as newest, any_value(last_line) as last_line,
        list(type order by line) as types,
        arg_min(type, if(type in ('CWD', 'PATH', 'PROCTITLE', 'SOCKADDR', 'EXECVE', 'EOE',
            'BPRM_FCAPS'), 2, 1) * 1e12 + line) as type,
        arg_min(pid, line) as pid, arg_min(ppid, line) as ppid,
        -- of a LOGIN the new one stands behind the old one, in the record of the system call
        coalesce(arg_min(auid, line) filter (type = 'SYSCALL'), arg_min(auid, line)) as auid,
        arg_min(uid, line) as uid, arg_min(uid_name, line) as uid_name,
        coalesce(arg_min(auid_name, line) filter (type = 'SYSCALL'), arg_min(auid_name, line))
            as auid_name,
        max(ses) filter (ses != '4294967295') as ses,
        max(arch) as arch, arg_min(syscall, line) as syscall,
        coalesce(arg_min(success, line) filter (type not in ('SYSCALL')), arg_min(success, line))
            as success,
        arg_min(exit, line) as exit, arg_min(code, line) as code,
        arg_min(exe, line) as exe, arg_min(comm, line) as comm, arg_min(acct, line) as acct,
        arg_min(cwd, line) as cwd,
        arg_min(name, if(is_parent, 1e12, 0) + line) filter (type in ('PATH', 'AVC', 'CONFIG_CHANGE'))
            as name,
        arg_min(cmd, line) as cmd, arg_min(unit, line) as unit, arg_min(addr, line) as addr,
        arg_min(op, line) as op, arg_min(key, line) as key, arg_min(saddr, line) as saddr,
        string_agg(denial, '; ' order by line) as denial,
        coalesce(bool_and(is_permitted) filter (denial is not null), false) as is_permitted,
        arg_min(proctitle, line) as proctitle,
        nullif(substring(string_agg(argv, '' order by line), 2), '') as argv,
        string_agg(type || ' ' || text, chr(10) order by line) as whole
    from spoken
    group by evidence, path, node, serial
),
named as (
    select
        *,
        if(regexp_full_match(syscall, '\d+'), audit_syscall(arch, syscall), syscall) as call,
        -- programs that change somebody else: the account is what it is done to
        type in ('ADD_USER', 'DEL_USER', 'ADD_GROUP', 'DEL_GROUP', 'USER_MGMT', 'GRP_MGMT',
            'USER_CHAUTHTOK', 'GRP_CHAUTHTOK', 'ACCT_LOCK', 'ACCT_UNLOCK')
            or regexp_matches(exe, '/(su|sudo|pkexec|runuser|passwd|chpasswd|gpasswd|(user|group)(add|del|mod))$')
            as is_about_other,
        if(acct in ('?', '(unknown)', '(invalid user)', '(unknown user)'), null, acct) as account,
        coalesce(argv, cmd, proctitle) as command,
        saddr[1:4] in ('0200', '0A00') as has_address,
        case
            when saddr[1:4] = '0200' then concat_ws('.', hex_le(saddr[9:10]), hex_le(saddr[11:12]),
                hex_le(saddr[13:14]), hex_le(saddr[15:16]))
            when saddr[1:4] = '0A00' then ip6_text(saddr[17:48])
        end as sock_ip,
        if(saddr[1:4] in ('0200', '0A00'), try_cast('0x' || saddr[5:8] as integer), null) as sock_port,
        -- an abstract socket begins with a NUL
        if(saddr[1:4] = '0100',
            coalesce(nullif(hex_text(substring(saddr, 5)), ''), '@' || hex_text(substring(saddr, 7))),
            null) as sock_path
    from events
),
judged as (
    select
        *,
        case
            when list_contains(types, 'EXECVE') or call in ('exec', 'execve', 'execveat') then 'exec'
            when call = 'accept4' then 'accept'
            else call
        end as action,
        -- of a login, uid is the daemon's
        if(regexp_matches(type, '^(USER_(AUTH|LOGIN|LOGOUT|ERR|ACCT|START|END)|CRED_|CRYPTO_|LOGIN$)')
                and not is_about_other,
            coalesce(auid_name, auid), coalesce(auid_name, auid, uid_name, uid)) as who,
        -- a connection that does not block is under way, not refused
        success in ('no', 'failed', 'fail', '0')
            and not coalesce(call = 'connect' and exit in ('-115', 'EINPROGRESS'), false)
            as is_failure
    from named
),
sided as (
    select *, coalesce(action in ('accept', 'recvfrom', 'recvmsg', 'bind', 'listen'), false)
        as is_source
    from judged
)
select
    evidence, line, offset_bytes, node, ts, 'exact' as ts_quality,
    case
        when type in ('SECCOMP', 'AVC', 'USER_AVC', 'SELINUX_ERR', 'USER_SELINUX_ERR')
            or type like 'ANOM%' then 'alert'
        when type in ('USER_LOGIN', 'USER_AUTH', 'USER_ACCT', 'USER_START', 'USER_END', 'LOGIN',
            'CRED_ACQ', 'CRED_DISP', 'CRED_REFR', 'USER_LOGOUT', 'USER_ERR', 'USER_CHAUTHTOK',
            'GRP_CHAUTHTOK', 'ADD_USER', 'DEL_USER', 'ADD_GROUP', 'DEL_GROUP', 'USER_MGMT',
            'GRP_MGMT', 'ACCT_LOCK', 'ACCT_UNLOCK', 'USER_ROLE_CHANGE') then 'login'
        when type = 'USER_CMD' or action = 'exec' then 'process'
        when has_address or action in ('connect', 'accept', 'bind', 'listen') then 'network'
        when action in ('ptrace', 'kill', 'process_vm_read', 'process_vm_write') then 'process'
        when list_contains(types, 'PATH') then 'file'
        else 'system'
    end as category,
    case
        when type = 'USER_CMD' then 'sudo'
        when type in ('AVC', 'USER_AVC') then if(is_permitted, 'allow', 'deny')
        when action is not null and type in ('SYSCALL', 'EXECVE', 'SOCKADDR', 'PATH', 'CWD',
            'PROCTITLE') then action
        when type = 'EXECVE' then 'exec'
        else lower(type)
    end as activity,
    audit_outcome(type, is_permitted, code, success, exit, is_failure) as outcome,
    exit as status,
    audit_severity(type, is_permitted, code, is_failure, action) as severity,
    if(is_about_other, who, coalesce(account, who)) as actor,
    if(coalesce(account, who) is null, null, 'user') as actor_type,
    ses as session,
    if(is_source, sock_ip, address_of(addr)) as src_ip,
    if(is_source, sock_port, null) as src_port,
    if(is_source, null, sock_ip) as dst_ip, if(is_source, null, sock_port) as dst_port,
    if(unit is not null, 'unit', if(is_about_other and account is not null,
        if(type in ('ADD_GROUP', 'DEL_GROUP', 'GRP_MGMT'), 'group', 'user'), null)) as object_kind,
    coalesce(unit, if(is_about_other, account, null)) as object_name,
    coalesce(if(name[1] != '/' and cwd is not null and type != 'AVC',
        rtrim(cwd, '/') || '/' || name, name), sock_path) as file_path,
    try_cast(pid as bigint) as pid, try_cast(ppid as bigint) as ppid, exe,
    command as cmdline,
    concat_ws(' ',
        if(type = 'SYSCALL', coalesce(action, type), type), op,
        if(type = 'SECCOMP', action, null), denial,
        coalesce(command, exe, comm),
        if(has_address, if(is_source, 'from ', 'to ') || sock_ip || ':' || sock_port, null),
        sock_path, unit, if(action = 'exec', null, name), account, addr,
        if(is_failure, 'failed', null), if(key is null, null, '[' || key || ']')) as message,
    json_object('types', types, 'serial', serial, 'arch', nullif(arch, ''), 'syscall', syscall,
        'comm', comm, 'cwd', cwd, 'auid', auid, 'uid', uid, 'key', key, 'records', whole) as fields,
    list_filter(all_lines, lambda x: x != line) as cites,
    -- records of one event may be apart: the last ones of what is seen may go on
    newest > last_line - 200 as is_open
from sided
