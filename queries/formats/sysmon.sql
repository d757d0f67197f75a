-- id: sysmon
-- title: Sysmon for Linux (XML in syslog)
-- kind: record
-- rank: 14
-- recognise: <Event><System><Provider Name="Linux-Sysmon"
-- example: <Event><System><Provider Name="Linux-Sysmon" Guid="{ff032593-a8d3-4f13-b0d6-01fc615a0f97}"/><EventID>1</EventID><TimeCreated SystemTime="2021-10-15T10:15:50.123456000Z"/><Computer>host</Computer></System><EventData><Data Name="UtcTime">2021-10-15 10:15:50.123</Data><Data Name="ProcessId">4711</Data><Data Name="Image">/usr/bin/id</Data><Data Name="CommandLine">id -u</Data><Data Name="User">root</Data><Data Name="ParentProcessId">1</Data></EventData></Event>
-- yields: process, network, file
-- source: https://github.com/microsoft/SysmonForLinux, event schema
with parts as (
    select
        evidence, line, offset_bytes, message,
        regexp_extract(message, '<EventID>(\d+)</EventID>', 1) as id,
        regexp_extract(message, 'SystemTime="([^"]+)"', 1) as stamp,
        regexp_extract(message, '<Computer>([^<]*)</Computer>', 1) as host,
        regexp_extract_all(message, '<Data Name="(\w+)">([^<]*)</Data>', 1) as names,
        regexp_extract_all(message, '<Data Name="(\w+)">([^<]*)</Data>', 2) as texts
    from lines
    where contains(message, 'Provider Name="Linux-Sysmon"')
),
maps as (
    select *, map_from_entries(list_zip(names, list_transform(texts,
        lambda t: xml_text(t)))) as m
    from parts
    where id != '' and len(list_distinct(names)) = len(names)
)
select
    evidence, line, offset_bytes, iso_ts(stamp) as ts, 'exact' as ts_quality,
    case when id in ('1', '5', '10') then 'process' when id = '3' then 'network'
        when id in ('11', '23', '9') then 'file' else 'system' end as category,
    case id when '1' then 'exec' when '5' then 'exit' when '3' then 'connect' when '11' then 'create'
        when '23' then 'delete' when '10' then 'ptrace' when '9' then 'raw_read' when '16' then 'config'
        else 'event_' || id end as activity,
    'ok' as outcome, 1 as severity, m['User'] as actor, 'user' as actor_type, host as node,
    m['SourceIp'] as src_ip, try_cast(m['SourcePort'] as usmallint) as src_port,
    m['DestinationIp'] as dst_ip, try_cast(m['DestinationPort'] as usmallint) as dst_port,
    nullif(m['DestinationHostname'], '-') as dst_name, m['TargetFilename'] as file_path,
    nullif(m['Hashes'], '-') as file_hash,
    try_cast(m['ProcessId'] as bigint) as pid, try_cast(m['ParentProcessId'] as bigint) as ppid,
    m['Image'] as exe, m['CommandLine'] as cmdline,
    concat_ws(' ', case id when '1' then 'exec' when '3' then 'connect' when '11' then 'create file'
        when '23' then 'delete file' else 'event ' || id end, m['CommandLine'], m['Image'],
        m['TargetFilename'], m['DestinationIp'] || ':' || m['DestinationPort']) as message,
    to_json(m) as fields
from maps
