-- id: tracks-covered
-- title: Attempts to delete events, logs or trails
-- attack: T1070 T1562.008
-- severity: high
-- needs: api cloud file process system
select ts, evidence, path, line, part, actor, namespace, pod, message
from events
where category = 'api' and object_kind = 'events' and activity in ('delete', 'deletecollection')
        and not is_component(actor)
    or category = 'cloud' and regexp_matches(activity,
        '^(StopLogging|DeleteTrail|UpdateTrail|PutEventSelectors|DeleteFlowLogs|DeleteLogGroup|DeleteLogStream|DeleteDetector|StopConfigurationRecorder)$|ConfigServiceV2\.(Delete|Update)Sink$|(?i)diagnosticSettings/delete$')
    or category = 'file' and regexp_matches(coalesce(status, ''), 'log deleted|log truncated|leads to /dev/null')
    or category in ('process', 'api') and regexp_matches(coalesce(cmdline, ''),
        '\bhistory -c|\bunset\s+HISTFILE|HISTFILE=/dev/null|\b(rm|shred|unlink|truncate)\b.*(/var/log/|_history\b)|>\s*/var/log/|ln\s+-s\S*\s+/dev/null\s|journalctl\s.*--vacuum|auditctl\s+(-e\s*0|-D)|systemctl\s+(stop|disable|mask)\s+(auditd|rsyslog|falco|systemd-journald)')
    or category = 'system' and activity = 'daemon_end'
