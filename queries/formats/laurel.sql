-- id: laurel
-- title: Linux audit events as JSON, one a line (LAUREL)
-- kind: record
-- rank: 15
-- recognise: ^(@cee: ?)?\{"ID":"\d{1,10}\.\d{1,9}:\d+",
-- example: {"ID":"1688052525.815:33152","SYSCALL":{"arch":"0xc000003e","syscall":59,"success":"yes","exit":0,"ppid":8851,"pid":13390,"auid":1000,"uid":0,"ses":7,"comm":"base64","exe":"/usr/bin/base64","key":"susp_activity","SYSCALL":"execve","AUID":"vagrant","UID":"root"},"EXECVE":{"argc":2,"ARGV":["base64","-d"]},"PROCTITLE":{"ARGV":["base64","-d"]}}
-- yields: process, network, login, file, system, alert
-- source: https://manpages.debian.org/testing/laurel/laurel-about.7.en.html; what its records mean: auditd.sql
with documents as (
    select
        evidence, line, offset_bytes,
        if(message[1] = '{', message, ltrim(substring(message, 6))) as document
    from lines
    where starts_with(message, '{"ID":') or starts_with(message, '@cee:')
),
records as (
    select
        evidence, line, offset_bytes, document,
        regexp_extract(document, '^\{"ID":"(\d{1,10})\.(\d{1,9}):\d{1,20}"', ['seconds', 'millis'])
            as id,
        list_filter(json_keys(document), lambda k: regexp_matches(k, '^[A-Z][A-Z0-9_]*(\[\d+\])?$')
            and k not in ('ID', 'NODE', 'LABELS', 'PARENT_INFO', 'CONTAINER_INFO')) as types
    from documents
    where json_valid(document)
),
mains as (
    select
        *,
        -- what is told besides the system call comes first, as the kernel writes it
        coalesce(
            list_filter(types, lambda t: regexp_matches(t, '^(AVC|USER_|USYS_|LOGIN$|SECCOMP$|ANOM_|CONFIG_CHANGE$|NETFILTER_CFG$|SELINUX_|MAC_|ADD_|DEL_|GRP_|ROLE_|ACCT_|CRED_|CRYPTO_|SERVICE_|SYSTEM_|DAEMON_|CHGRP_ID$|CHUSER_ID$|TTY$)'))[1],
            list_filter(types, lambda t: t = 'SYSCALL')[1],
            types[1]) as type
    from records
    where id.seconds != '' and len(types) > 0
),
parts as (
    select
        * exclude (document),
        document as doc,
        -- most records come as lists
        coalesce(json_extract(document, '$."' || type || '"[0]'),
            json_extract(document, '$."' || type || '"')) as main,
        json_extract(document, '$.SYSCALL') as call_record,
        coalesce(json_extract_string(document, ['$.SOCKADDR[0].saddr', '$.SOCKADDR.saddr']),
            ['']) as saddrs,
        json_extract_string(document, ['$.SOCKADDR[0].SADDR', '$.SOCKADDR.SADDR']) as read_saddrs,
        coalesce(
            json_extract_string(document, '$.EXECVE.ARGV_STR'),
            array_to_string(json_extract_string(document, '$.EXECVE.ARGV[*]'), ' ')) as argv,
        coalesce(
            json_extract_string(document, '$.PROCTITLE.ARGV_STR'),
            array_to_string(json_extract_string(document, '$.PROCTITLE.ARGV[*]'), ' ')) as title,
        coalesce(json_extract_string(document, '$.CWD.cwd'),
            json_extract_string(document, '$.CWD[0].cwd')) as cwd,
        list_filter(list_zip(json_extract_string(document, '$.PATH[*].name'),
            json_extract_string(document, '$.PATH[*].nametype')),
            lambda p: p[2] is distinct from 'PARENT')[1][1] as path_name,
        json_extract_string(document, '$.PATH[0].name') as first_path
    from mains
),
fields as (
    select
        *,
        -- of user space the pairs stand in one text, as in the record
        coalesce(json_extract_string(main, '$.msg'), '') as msg,
        nullif(coalesce(json_extract_string(call_record, '$.pid'), json_extract_string(main, '$.pid')),
            '') as pid,
        json_extract_string(call_record, '$.ppid') as ppid,
        coalesce(jtext(call_record, '$.AUID'), jtext(main, '$.AUID')) as auid_name,
        coalesce(jtext(call_record, '$.auid'), jtext(main, '$.auid')) as auid,
        coalesce(jtext(main, '$.UID'), jtext(call_record, '$.UID')) as uid_name,
        coalesce(jtext(main, '$.uid'), jtext(call_record, '$.uid')) as uid,
        coalesce(jtext(call_record, '$.ses'), jtext(main, '$.ses')) as ses,
        coalesce(jtext(call_record, '$.SYSCALL'), jtext(call_record, '$.syscall')) as syscall,
        replace(json_extract_string(call_record, '$.arch'), '0x', '') as arch,
        json_extract_string(call_record, '$.exit') as exit,
        json_extract_string(main, '$.code') as code,
        upper(array_to_string(list_transform(
            regexp_extract_all(coalesce(saddrs[1], saddrs[2]), '%[0-9a-fA-F]{2}|[^%]'),
            lambda x: if(x[1] = '%' and length(x) = 3, x[2:3], hex(x))), '')) as saddr,
        coalesce(read_saddrs[1], read_saddrs[2]) as read_saddr
    from parts
),
named as (
    select
        *,
        coalesce(nullif(regexp_extract(msg, '(?:^| )(?:success|res|result)=(\w+)', 1), ''),
            jtext(main, '$.res'), jtext(call_record, '$.success'), jtext(main, '$.success')) as success,
        coalesce(jtext(call_record, '$.exe'), jtext(main, '$.exe'),
            audit_value(regexp_extract(msg, '(?:^| )exe=("[^"]*"|\S+)', 1))) as exe,
        coalesce(jtext(call_record, '$.comm'), jtext(main, '$.comm')) as comm,
        coalesce(audit_value(regexp_extract(msg, '(?:^| )(?:acct|grp)=("[^"]*"|\S+)', 1)),
            jtext(main, '$.acct')) as acct,
        audit_value(regexp_extract(msg, '(?:^| )cmd=("[^"]*"|\S+)', 1)) as cmd,
        audit_value(regexp_extract(msg, '(?:^| )unit=("[^"]*"|\S+)', 1)) as unit,
        coalesce(nullif(nullif(regexp_extract(msg, '(?:^| )addr=(\S+)', 1), '?'), ''),
            jtext(main, '$.addr')) as addr,
        coalesce(nullif(trim(regexp_extract(msg, '(?:^| )op=("[^"]*"|\S+)', 1), '"'), ''),
            jtext(main, '$.op')) as op,
        coalesce(jtext(call_record, '$.key'), jtext(main, '$.key')) as key,
        if(regexp_full_match(syscall, '\d+'), audit_syscall(arch, syscall), syscall) as call,
        case
            when saddr[1:4] = '0200' then concat_ws('.', hex_le(saddr[9:10]), hex_le(saddr[11:12]),
                hex_le(saddr[13:14]), hex_le(saddr[15:16]))
            when saddr[1:4] = '0A00' then ip6_text(saddr[17:48])
            else nullif(regexp_extract(read_saddr, 'fam=inet6? (?:laddr|host)[=:](\S+)', 1), '')
        end as sock_ip,
        if(saddr[1:4] in ('0200', '0A00'), try_cast('0x' || saddr[5:8] as integer),
            try_cast(nullif(regexp_extract(read_saddr, ' (?:lport|serv)[=:](\d+)', 1), '') as integer))
            as sock_port,
        if(saddr[1:4] = '0100',
            coalesce(nullif(hex_text(substring(saddr, 5)), ''), '@' || hex_text(substring(saddr, 7))),
            null) as sock_path,
        coalesce(nullif(argv, ''), nullif(title, '')) as spoken,
        if(type in ('AVC', 'USER_AVC'), concat_ws(' ',
            jtext(main, '$.apparmor'),
            case when json_exists(main, '$.denied') then 'denied'
                when json_exists(main, '$.granted') then 'granted' end,
            array_to_string(json_extract_string(main, '$.denied[*]'), ' '),
            array_to_string(json_extract_string(main, '$.granted[*]'), ' '),
            jtext(main, '$.operation'), jtext(main, '$.profile'), jtext(main, '$.scontext')), null)
            as denial,
        type in ('AVC', 'USER_AVC') and (coalesce(jtext(main, '$.permissive') = '1', false)
            or json_exists(main, '$.granted') or contains(msg, 'permissive=1')
            or coalesce(jtext(main, '$.apparmor') in ('ALLOWED', 'AUDIT', 'STATUS', 'HINT'), false))
            as is_permitted
    from fields
),
judged as (
    select
        * exclude (cmd),
        case
            when json_exists(doc, '$.EXECVE') or call in ('exec', 'execve', 'execveat') then 'exec'
            when call = 'accept4' then 'accept'
            -- the names that audit_syscall gives
            when call in ('openat', 'openat2') then 'open'
            when call in ('unlink', 'unlinkat') then 'delete'
            when call in ('renameat', 'renameat2') then 'rename'
            when call in ('mkdirat', 'symlinkat', 'linkat', 'mknodat') then call[:-3]
            when call in ('fchmod', 'fchmodat', 'fchmodat2') then 'chmod'
            when call in ('fchown', 'fchownat', 'lchown') then 'chown'
            when call = 'finit_module' then 'init_module'
            when call = 'creat' then 'create'
            else call
        end as action,
        coalesce(cmd, spoken) as command,
        type in ('ADD_USER', 'DEL_USER', 'ADD_GROUP', 'DEL_GROUP', 'USER_MGMT', 'GRP_MGMT',
            'USER_CHAUTHTOK', 'GRP_CHAUTHTOK', 'ACCT_LOCK', 'ACCT_UNLOCK')
            or coalesce(regexp_matches(exe, '/(su|sudo|pkexec|runuser|passwd|chpasswd|gpasswd|(user|group)(add|del|mod))$'), false)
            as is_about_other,
        if(acct in ('?', '(unknown)', '(invalid user)', '(unknown user)'), null, acct) as account,
        success in ('no', 'failed', 'fail', '0')
            and not coalesce(call = 'connect' and exit in ('-115', 'EINPROGRESS'), false)
            as is_failure,
        if(regexp_matches(type, '^(USER_(AUTH|LOGIN|LOGOUT|ERR|ACCT|START|END)|CRED_|CRYPTO_|LOGIN$)'),
            null, coalesce(uid_name, uid)) as own
    from named
),
sided as (
    select
        *,
        coalesce(action in ('accept', 'recvfrom', 'recvmsg', 'bind', 'listen'), false) as is_source,
        coalesce(nullif(auid_name, 'unset'), nullif(auid, '4294967295'), own) as who,
        coalesce(if(type = 'AVC', coalesce(jtext(main, '$.name'), jtext(main, '$.path')), null),
            path_name, first_path) as name
    from judged
)
select
    evidence, line, offset_bytes, json_extract_string(doc, '$.NODE') as node,
    make_timestamp(try_cast(id.seconds as bigint) * 1000000
        + try_cast(rpad(left(id.millis, 6), 6, '0') as bigint)) as ts,
    'exact' as ts_quality,
    case
        when type in ('SECCOMP', 'AVC', 'USER_AVC', 'SELINUX_ERR', 'USER_SELINUX_ERR')
            or type like 'ANOM%' then 'alert'
        when type in ('USER_LOGIN', 'USER_AUTH', 'USER_ACCT', 'USER_START', 'USER_END', 'LOGIN',
            'CRED_ACQ', 'CRED_DISP', 'CRED_REFR', 'USER_LOGOUT', 'USER_ERR', 'USER_CHAUTHTOK',
            'GRP_CHAUTHTOK', 'ADD_USER', 'DEL_USER', 'ADD_GROUP', 'DEL_GROUP', 'USER_MGMT',
            'GRP_MGMT', 'ACCT_LOCK', 'ACCT_UNLOCK', 'USER_ROLE_CHANGE') then 'login'
        when type = 'USER_CMD' or action = 'exec' then 'process'
        when sock_ip is not null or action in ('connect', 'accept', 'bind', 'listen') then 'network'
        when action in ('ptrace', 'kill', 'process_vm_read', 'process_vm_write') then 'process'
        when name is not null then 'file'
        else 'system'
    end as category,
    case
        when type = 'USER_CMD' then 'sudo'
        when type in ('AVC', 'USER_AVC') then if(is_permitted, 'allow', 'deny')
        when type in ('SYSCALL', 'EXECVE', 'SOCKADDR', 'PATH', 'CWD', 'PROCTITLE')
            then coalesce(action, lower(type))
        else lower(type)
    end as activity,
    audit_outcome(type, is_permitted, code, success, exit, is_failure) as outcome,
    exit as status,
    audit_severity(type, is_permitted, code, is_failure, action) as severity,
    if(is_about_other, who, coalesce(account, who)) as actor,
    if(coalesce(account, who) is null, null, 'user') as actor_type,
    nullif(ses, '4294967295') as session,
    coalesce(json_extract_string(doc, '$.CONTAINER_INFO.ID'),
        json_extract_string(call_record, '$.PID.container.id')) as container_id,
    if(is_source, sock_ip, address_of(addr)) as src_ip,
    if(is_source, sock_port, null) as src_port,
    if(is_source, null, sock_ip) as dst_ip, if(is_source, null, sock_port) as dst_port,
    if(unit is not null, 'unit', if(is_about_other and account is not null,
        if(type in ('ADD_GROUP', 'DEL_GROUP', 'GRP_MGMT'), 'group', 'user'), null)) as object_kind,
    coalesce(unit, if(is_about_other, account, null)) as object_name,
    coalesce(if(name[1] != '/' and cwd is not null and type != 'AVC',
        rtrim(cwd, '/') || '/' || name, name), sock_path) as file_path,
    try_cast(pid as bigint) as pid, try_cast(ppid as bigint) as ppid, exe, command as cmdline,
    concat_ws(' ',
        if(type = 'SYSCALL', coalesce(action, type), type), op,
        if(type = 'SECCOMP', action, null), denial,
        coalesce(command, exe, comm),
        if(sock_ip is null, null,
            if(is_source, 'from ', 'to ') || sock_ip || coalesce(':' || sock_port, '')),
        sock_path, unit, if(action = 'exec', null, name), account, addr,
        if(is_failure, 'failed', null), if(key is null, null, '[' || key || ']')) as message,
    doc as fields
from sided
