-- id: windows_event
-- title: Windows event log, as XML (wevtutil, Event Viewer) or JSON (winlogbeat, nxlog, evtx tools)
-- kind: record
-- rank: 14
-- recognise: <Event( xmlns=["']http://schemas\.microsoft\.com/win/2004/08/events/event["'])?[^>]*>\s*<System>
-- recognise: "winlog"\s*:\s*\{
-- recognise: "System"\s*:\s*\{.{0,4000}"EventID"\s*:
-- recognise: ^(?=.*"(EventID|event_id)"\s*:\s*"?\d)(?=.*"(Channel|Computer|log_name|computer_name|SourceName)"\s*:)
-- example: <Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='Microsoft-Windows-Security-Auditing'/><EventID>4625</EventID><Level>0</Level><Keywords>0x8010000000000000</Keywords><TimeCreated SystemTime='2026-01-02T03:04:05.1234567Z'/><Channel>Security</Channel><Computer>win-1.corp.example</Computer></System><EventData><Data Name='TargetUserName'>ana</Data><Data Name='TargetDomainName'>CORP</Data><Data Name='Status'>0xc000006d</Data><Data Name='SubStatus'>0xc000006a</Data><Data Name='LogonType'>3</Data><Data Name='IpAddress'>203.0.113.9</Data><Data Name='IpPort'>51000</Data></EventData></Event>
-- example: {"@timestamp":"2026-01-02T03:04:05.123Z","winlog":{"channel":"Security","computer_name":"win-1","event_id":"4688","event_data":{"SubjectUserName":"ana","SubjectDomainName":"CORP","NewProcessId":"0x3054","NewProcessName":"C:\\Windows\\System32\\whoami.exe","ProcessId":"0x2dc8","CommandLine":"whoami /all"}},"message":"A new process has been created."}
-- example: {"Event":{"System":{"Provider":{"#attributes":{"Name":"Service Control Manager"}},"EventID":{"#attributes":{"Qualifiers":16384},"#text":7045},"TimeCreated":{"#attributes":{"SystemTime":"2026-01-02T03:04:05Z"}},"Channel":"System","Computer":"win-1"},"EventData":{"ServiceName":"updater","ImagePath":"C:\\Windows\\Temp\\u.exe","ServiceType":"user mode service","StartType":"auto start","AccountName":"LocalSystem"}}}
-- yields: login, process, network, file, dns, system
-- source: https://learn.microsoft.com/windows/win32/wes/eventschema-schema; https://learn.microsoft.com/windows/security/threat-protection/auditing/advanced-security-audit-policy-settings; https://www.elastic.co/guide/en/beats/winlogbeat/current/exported-fields-winlog.html
with cuts as (
    select
        evidence, line, offset_bytes, message,
        -- values are escaped: neither an element nor its end can stand in one
        split_part(message, '</System>', 1) as head,
        split_part(split_part(message, '</System>', 2), '<RenderingInfo', 1) as body
    from lines
    where contains(message, '<System>') and contains(message, '<Event')
        and not contains(message, 'Linux-Sysmon')
),
elements as (
    select
        *,
        regexp_extract_all(body, '<Data Name=["'']([^"'']+)["'']>([^<]*)</Data>', 1) as names,
        regexp_extract_all(body, '<Data Name=["'']([^"'']+)["'']>([^<]*)</Data>', 2) as texts,
        regexp_extract_all(body, '<Data>([^<]*)</Data>', 1) as unnamed,
        regexp_extract_all(split_part(body, '<UserData>', 2), '<(\w+)>([^<]+)</\w+>', 1) as user_names,
        regexp_extract_all(split_part(body, '<UserData>', 2), '<(\w+)>([^<]+)</\w+>', 2) as user_texts
    from cuts
),
from_xml as (
    select
        evidence, line, offset_bytes, null as given,
        regexp_extract(head, '<EventID[^>]*>(\d+)</EventID>', 1) as id,
        xml_text(regexp_extract(head, '<Provider Name=["'']([^"'']*)["'']', 1)) as provider,
        xml_text(regexp_extract(head, '<Channel>([^<]*)</Channel>', 1)) as channel,
        xml_text(regexp_extract(head, '<Computer>([^<]*)</Computer>', 1)) as computer,
        regexp_extract(head, '<Level>(\d+)</Level>', 1) as level,
        lower(regexp_extract(head, '<Keywords>([^<]*)</Keywords>', 1)) as keywords,
        regexp_extract(head, '<EventRecordID>(\d+)</EventRecordID>', 1) as record_id,
        regexp_extract(head, '<Execution ProcessID=["''](\d+)["'']', 1) as own_pid,
        regexp_extract(head, '<Security UserID=["'']([^"'']*)["'']', 1) as sid,
        replace(regexp_replace(regexp_extract(head, 'SystemTime=["'']([^"'']+)["'']', 1), ' UTC$', 'Z'),
            ' ', 'T') as stamp,
        xml_text(regexp_extract(message, '<Message>([^<]*)</Message>', 1)) as text,
        map_from_entries(list_zip(
            list_concat(names, user_names,
                list_transform(unnamed, lambda x, i: 'Data' || i::varchar)),
            list_transform(list_concat(texts, user_texts, unnamed), lambda x: xml_text(x)))) as m
    from elements
    where len(list_distinct(list_concat(names, user_names))) = len(list_concat(names, user_names))
),
documents as (
    select
        evidence, line, offset_bytes, message,
        json_extract(message, ['$.winlog', '$.Event']) as outer_ones
    from lines
    where message[1] = '{'
        and (contains(message, '"winlog"') or contains(message, '"EventID"') or contains(message, '"event_id"'))
        and json_valid(message)
),
-- one reading of a document for all that is asked of it: each takes memory of its own
parts as (
    select
        evidence, line, offset_bytes, message,
        coalesce(outer_ones[1], outer_ones[2], message::json) as d
    from documents
),
systems as (
    select
        evidence, line, offset_bytes, message, coalesce(x[1], d) as s,
        coalesce(list_filter(x[2:], lambda v: starts_with(v::varchar, '{'))[1], d) as values
    from (
        select *, json_extract(d, ['$.System', '$.event_data', '$.EventData.Data', '$.EventData',
            '$.user_data', '$.UserData.LogFileCleared']) as x
        from parts
    )
),
told_of as (
    select
        * exclude (s, values),
        try_cast(values as map(varchar, varchar)) as m,
        list_transform(json_extract_string(s, ['$.EventID.Value', '$.EventID."#text"', '$.EventID',
            '$.event_id', '$.Provider.Name', '$.Provider."#attributes".Name', '$.provider_name',
            '$.source_name', '$.SourceName', '$.Provider', '$.Channel', '$.channel', '$.log_name',
            '$.Computer', '$.computer_name', '$.Hostname', '$.Level', '$.level', '$.Keywords',
            '$.keywords', '$.EventRecordID', '$.record_id', '$.record_number', '$.Execution.ProcessID',
            '$.Execution."#attributes".ProcessID', '$.process.pid', '$.process_id',
            '$.ExecutionProcessID', '$.Security."#attributes".UserID', '$.user.identifier',
            '$.TimeCreated."#attributes".SystemTime', '$.TimeCreated.SystemTime', '$.TimeCreated',
            '$.EventTime', '$.UtcTime']), lambda v: if(v = 'null' or v[1] = '{', null, v)) as p,
        json_extract_string(message, ['$."@timestamp"', '$.message', '$.Message']) as q
    from systems
),
from_json as (
    select
        evidence, line, offset_bytes, message as given, m,
        coalesce(p[1], p[2], p[3], p[4]) as id,
        coalesce(p[5], p[6], p[7], p[8], p[9], p[10]) as provider,
        coalesce(p[11], p[12], p[13]) as channel,
        coalesce(p[14], p[15], p[16]) as computer,
        coalesce(p[17], case lower(p[18]) when 'critical' then '1' when 'error' then '2'
            when 'warning' then '3' end) as level,
        lower(coalesce(p[19], p[20])) as keywords,
        coalesce(p[21], p[22], p[23]) as record_id,
        coalesce(p[24], p[25], p[26], p[27], p[28]) as own_pid,
        coalesce(p[29], p[30]) as sid,
        coalesce(p[31], p[32], p[33], q[1], p[34], p[35]) as stamp,
        coalesce(q[2], q[3]) as text
    from told_of
),
events as (
    select * from from_xml where id != ''
    union all by name
    select * from from_json where regexp_full_match(id, '\d+') and m is not null
        and coalesce(channel, computer, provider) is not null
),
named as (
    select
        *,
        map_from_entries(list_filter(map_entries(m), lambda e: e.value not in ('', '-', '0x0', 'N/A')))
            as v,
        coalesce(provider, '') || '/' || coalesce(channel, '') as origin
    from events
),
kinds as (
    select
        *,
        case
            when contains(origin, 'Sysmon') then case
                when id in ('1', '5') then 'process' when id = '3' then 'network'
                when id in ('11', '23', '26', '15') then 'file' when id = '22' then 'dns'
                else 'system' end
            when id in ('4624', '4625', '4634', '4647', '4648', '4672', '4768', '4769', '4771', '4776',
                '4778', '4779') and contains(origin, 'Security') then 'login'
            when id in ('4688', '4689') and contains(origin, 'Security') then 'process'
            when id in ('5140', '5145', '4656', '4663') and contains(origin, 'Security') then 'file'
            when id in ('5156', '5157', '5158') and contains(origin, 'Security') then 'network'
            when id in ('4103', '4104') and contains(origin, 'PowerShell') then 'process'
            else 'system'
        end as category,
        case
            when contains(origin, 'Sysmon') then case id when '1' then 'exec' when '5' then 'exit'
                when '3' then 'connect' when '11' then 'create' when '23' then 'delete'
                when '26' then 'delete' when '22' then 'query' when '6' then 'driver_load' end
            when contains(origin, 'Service Control Manager') or contains(origin, 'Security') then
                map {'4624': 'login', '4625': 'login', '4634': 'logout', '4647': 'logout',
                    '4648': 'login', '4672': 'privileges', '4768': 'ticket', '4769': 'ticket',
                    '4771': 'login', '4776': 'login', '4778': 'reconnect', '4779': 'disconnect',
                    '4688': 'exec', '4689': 'exit', '7045': 'service_install',
                    '4697': 'service_install', '4698': 'task_create', '4699': 'task_delete',
                    '4702': 'task_update', '4720': 'create', '4722': 'enable', '4723': 'password',
                    '4724': 'password', '4725': 'disable', '4726': 'delete', '4728': 'group_add',
                    '4732': 'group_add', '4756': 'group_add', '4740': 'lock', '1102': 'log_clear',
                    '5140': 'share', '5145': 'share', '4656': 'open', '4663': 'open',
                    '5156': 'connect', '5157': 'connect', '5158': 'bind', '4719': 'audit_policy'}[id]
            when id = '104' then 'log_clear'
            when id in ('4103', '4104') then 'script'
        end as activity,
        coalesce(v['SubStatus'], v['Status']) as code,  -- 0x0 is none
        case coalesce(v['LogonType'], '') when '2' then 'interactive' when '3' then 'network'
            when '4' then 'batch' when '5' then 'service' when '7' then 'unlock'
            when '8' then 'network, password in clear' when '9' then 'new credentials'
            when '10' then 'remote desktop' when '11' then 'cached' end as way,
        windows_account(v['TargetDomainName'], v['TargetUserName']) as target,
        windows_account(coalesce(v['SubjectDomainName'], v['LogonDomain']),
            coalesce(v['SubjectUserName'], v['User'])) as subject
    from named
),
judged as (
    select
        *,
        case
            when id in ('4624', '4634', '4647', '4625', '4768', '4769', '4771', '4776', '4778', '4779')
                and category = 'login' then coalesce(target, subject)
            else coalesce(subject, target, nullif(sid, ''))
        end as person,
        lower(replace(coalesce(code, ''), '0X', '0x')) as low_code,
        coalesce(v['NewProcessName'], v['Image'], v['ProcessName'], v['Application']) as program,
        coalesce(v['CommandLine'], v['ScriptBlockText'], v['ServiceFileName'], v['ImagePath']) as command
    from kinds
),
told as (
    select
        *,
        case
            when id in ('4625', '4771', '5157') and activity is not null then 'failed'
            when activity in ('login', 'ticket') and low_code not in ('', '0x0', '0') then 'failed'
            -- bit 52 of the keywords: audit failure
            when regexp_matches(keywords, '^0x80[13]|audit.failure') then 'failed'
            when activity is not null or regexp_matches(keywords, '^0x802|audit.success') then 'ok'
            else 'unknown'
        end as outcome,
        case when low_code in ('', '0x0', '0') then null else coalesce(map {
            '0xc0000064': 'no such user', '0xc000006a': 'wrong password',
            '0xc000006d': 'bad user name or password', '0xc000006e': 'account restriction',
            '0xc000006f': 'outside the hours allowed', '0xc0000070': 'workstation not allowed',
            '0xc0000071': 'password expired', '0xc0000072': 'account disabled',
            '0xc0000133': 'clocks differ', '0xc000015b': 'this kind of logon is not granted',
            '0xc0000193': 'account expired', '0xc0000224': 'password must change',
            '0xc0000234': 'account locked', '0x6': 'no such user', '0x12': 'account disabled or locked',
            '0x17': 'password expired', '0x18': 'wrong password', '0x25': 'clocks differ'}[low_code],
            low_code) end as why
    from judged
)
select
    evidence, line, offset_bytes,
    coalesce(iso_ts(stamp), epoch_ts(stamp)) as ts, 'exact' as ts_quality,
    category, coalesce(activity, 'log') as activity,
    if(category = 'network' and id = '5157', 'denied', outcome) as outcome,
    coalesce(low_code_or_id, id) as status,
    case
        when activity in ('service_install', 'log_clear', 'audit_policy', 'driver_load') then 4
        when activity in ('task_create', 'task_update', 'group_add', 'lock')
            or activity in ('create', 'enable', 'delete', 'password') and category = 'system' then 3
        when outcome = 'failed' then 3
        when level = '1' then 5 when level = '2' then 4 when level = '3' then 3
        else 1
    end as severity,
    person as actor,
    if(person is null, null, if(ends_with(person, '$') or sid = 'S-1-5-18', 'system', 'user')) as actor_type,
    coalesce(v['TargetLogonId'], v['SubjectLogonId'], v['LogonId']) as session,
    regexp_replace(coalesce(v['IpAddress'], v['SourceAddress'], v['SourceIp'], v['ClientAddress']),
        '^::ffff:', '') as src_ip,
    try_cast(coalesce(v['IpPort'], v['SourcePort']) as usmallint) as src_port,
    coalesce(v['DestAddress'], v['DestinationIp']) as dst_ip,
    try_cast(coalesce(v['DestPort'], v['DestinationPort']) as usmallint) as dst_port,
    coalesce(v['DestinationHostname'], v['QueryName']) as dst_name,
    case
        when activity = 'service_install' then 'service'
        when starts_with(activity, 'task_') then 'task'
        when activity = 'group_add' then 'group'
        when activity = 'share' then 'share'
        when category = 'system' and target is not null and activity is not null or id = '4648'
            then 'account'
        when id in ('4768', '4769') then 'service'
    end as object_kind,
    case
        when activity = 'service_install' or id in ('4768', '4769') then v['ServiceName']
        when starts_with(activity, 'task_') then v['TaskName']
        when activity = 'share' then v['ShareName']
        when category = 'system' and activity is not null or id = '4648' then target
    end as object_name,
    coalesce(v['TargetFilename'], v['RelativeTargetName'],
        if(category = 'file', v['ObjectName'], null)) as file_path,
    nullif(lower(regexp_extract(coalesce(v['Hashes'], ''), 'SHA256=([0-9A-Fa-f]{64})', 1)), '') as file_hash,
    nullif(computer, '') as node,
    windows_pid(coalesce(v['NewProcessId'], if(category in ('process', 'network'),
        v['ProcessId'], null), own_pid)) as pid,
    windows_pid(coalesce(v['ParentProcessId'], if(id = '4688', v['ProcessId'], null))) as ppid,
    program as exe, command as cmdline,
    concat_ws(' ', id, replace(activity, '_', ' '), if(outcome = 'failed', 'failed', null),
        if(category = 'process', null, person),
        'from ' || coalesce(v['IpAddress'], v['WorkstationName']),
        '(' || nullif(concat_ws(': ', way, why), '') || ')',
        coalesce(v['ServiceName'], v['TaskName']), coalesce(command, program),
        -- of what has no words of its own here: the first line of the program's
        if(activity is null, coalesce(nullif(regexp_extract(text, '^[^\r\n]*'), ''),
            array_to_string(list_transform(map_entries(v)[1:8], lambda e: e.key || '=' || e.value), ' ')),
            null)) as message,
    coalesce(given, json_some(json_object('EventID', id, 'Provider', nullif(provider, ''),
        'Channel', nullif(channel, ''), 'Computer', nullif(computer, ''),
        'EventRecordID', nullif(record_id, ''), 'Keywords', nullif(keywords, ''),
        'Message', nullif(text, ''), 'EventData', to_json(m)))) as fields
from (select *, if(why is null, null, low_code) as low_code_or_id from told)
