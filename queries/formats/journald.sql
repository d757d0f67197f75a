-- id: journald
-- title: systemd journal (journalctl -o json, and binary journals)
-- kind: envelope
-- rank: 8
-- recognise: "__REALTIME_TIMESTAMP"\s*:
-- recognise: "_SOURCE_REALTIME_TIMESTAMP"\s*:.*"MESSAGE"\s*:
-- example: {"__REALTIME_TIMESTAMP":"1534860261221373","PRIORITY":"6","_HOSTNAME":"node-1","_PID":"1","SYSLOG_IDENTIFIER":"systemd","MESSAGE":"Started Session 1."}
-- yields: system
-- source: https://systemd.io/JOURNAL_EXPORT_FORMATS/, systemd.journal-fields(7)
with documents as (
    select
        evidence, line, offset_bytes, message,
        from_json(message, '{
            "__REALTIME_TIMESTAMP": "VARCHAR", "_SOURCE_REALTIME_TIMESTAMP": "VARCHAR",
            "MESSAGE": "JSON", "PRIORITY": "VARCHAR", "_HOSTNAME": "VARCHAR", "_PID": "VARCHAR",
            "SYSLOG_IDENTIFIER": "VARCHAR", "_COMM": "VARCHAR", "_SYSTEMD_UNIT": "VARCHAR",
            "CONTAINER_NAME": "VARCHAR", "CONTAINER_ID_FULL": "VARCHAR", "IMAGE_NAME": "VARCHAR"
        }') as r
    from lines
    where message[1] = '{' and json_valid(message)
)
select
    evidence, line, offset_bytes,
    epoch_ts(coalesce(r.__REALTIME_TIMESTAMP, r._SOURCE_REALTIME_TIMESTAMP)) as ts,
    'exact' as ts_quality,
    r._HOSTNAME as node,
    -- a field that is there twice comes as an array
    coalesce(
        if(r.SYSLOG_IDENTIFIER[1] = '[', json_extract_string(r.SYSLOG_IDENTIFIER, '$[0]'),
            r.SYSLOG_IDENTIFIER),
        r._COMM, r._SYSTEMD_UNIT) as program,
    try_cast(r._PID as bigint) as pid,
    r.CONTAINER_NAME as container, r.CONTAINER_ID_FULL as container_id, r.IMAGE_NAME as image,
    case r.PRIORITY
        when '0' then 6 when '1' then 5 when '2' then 5 when '3' then 4 when '4' then 3
        when '5' then 1 when '6' then 1 when '7' then 0
    end as severity,
    json_members(
        ['_SYSTEMD_UNIT', '_EXE', '_CMDLINE', '_UID', '_AUDIT_LOGINUID', '_BOOT_ID', '_MACHINE_ID',
            '_HOSTNAME', 'CONTAINER_TAG'],
        json_extract(message, ['$._SYSTEMD_UNIT', '$._EXE', '$._CMDLINE', '$._UID',
            '$._AUDIT_LOGINUID', '$._BOOT_ID', '$._MACHINE_ID', '$._HOSTNAME', '$.CONTAINER_TAG']))
        as envelope,
    message as fields,
    -- bytes that are no UTF-8 come as an array of numbers
    case json_type(r.MESSAGE)
        when 'ARRAY' then coalesce(
            hex_lossy(array_to_string(list_transform(
                try_cast(r.MESSAGE as utinyint[]), lambda b: printf('%02X', b)), '')),
            json_extract_string(r.MESSAGE, '$[0]'), r.MESSAGE::varchar)
        else coalesce(json_extract_string(r.MESSAGE, '$'), '')
    end as message
from documents
where r.__REALTIME_TIMESTAMP is not null or r._SOURCE_REALTIME_TIMESTAMP is not null
