-- id: sshd
-- title: OpenSSH server: logins, sessions, connections
-- kind: record
-- rank: 40
-- recognise: ^ ?(Accepted|Failed|Postponed|Partial) \S+ for .+ from \S+ port \d+
-- recognise: ^ ?(Invalid user|Illegal user|Connection (closed|reset|from)|Disconnected from|Disconnecting|Received disconnect|Did not receive identification|Bad protocol version|Server listening|User .+ from .+ not allowed|error: maximum authentication|Unable to negotiate|banner exchange|input_userauth_request|reverse mapping|Received signal|error: |fatal: |Starting session|Close session|refused connect from|Timeout before)
-- recognise: ^pam_unix\(sshd?:\w+\):|^PAM \d+ more authentication failure|^pam_\w+\(sshd:
-- example: Failed password for invalid user oracle from 203.0.113.9 port 41822 ssh2
-- example: Accepted publickey for plaso from 192.168.0.1 port 59229 ssh2: RSA 00:aa:bb:cc:dd:ee:ff:11:22:33:44:55:66:77:88:99
-- example: pam_unix(sshd:session): session opened for user zjj by (uid=0)
-- yields: login, ssh
-- source: OpenSSH auth.c auth_log(), packet.c, sshd.c; Linux-PAM pam_unix
-- A user name is the attacker's text: `.*` is greedy, so that only the last "from" counts.
with said as (
    select evidence, line, offset_bytes, ltrim(message) as message, program
    from lines
    where program is null or program in ('sshd', 'sshd-session', 'sshd-auth')
),
logins as (
    select
        *,
        regexp_extract(message,
            '^(Accepted|Failed|Postponed|Partial) (\S+) for (invalid user |illegal user )?(.*) from (\S+) port (\d+)(?: +ssh2?)?(?:: (.*)| \[preauth\])?$',
            ['verb', 'method', 'unknown', 'user', 'ip', 'port', 'key']) as l,
        regexp_extract(message,
            '^pam_(\w+)\(sshd?:(\w+)\): (session opened for user|session closed for user|authentication failure)(?:;.*rhost=(\S*))?(?:\s+user=(\S+))?(?: (\S+?)(?:\(uid=\d+\))?(?: by .*)?)?$',
            ['module', 'type', 'verb', 'ip', 'user1', 'user2']) as p
    from said
),
other as (
    select
        *,
        case
            when l.verb != '' or p.verb != '' then null
            when starts_with(message, 'Invalid user') or starts_with(message, 'Illegal user')
                or starts_with(message, 'input_userauth_request: invalid user') then 'invalid_user'
            when starts_with(message, 'User ') and contains(message, ' not allowed') then 'deny'
            when contains(message, 'maximum authentication attempts')
                or contains(message, 'Too many authentication failures') then 'max_auth'
            when starts_with(message, 'Connection from') then 'connect'
            when starts_with(message, 'Connection closed') or starts_with(message, 'Connection reset')
                or starts_with(message, 'Disconnected') or starts_with(message, 'Disconnecting')
                or starts_with(message, 'Received disconnect') or starts_with(message, 'Close session')
                then 'disconnect'
            when starts_with(message, 'Starting session') then 'session'
            when starts_with(message, 'Server listening') then 'listen'
            when starts_with(message, 'Did not receive') or starts_with(message, 'Bad protocol')
                or starts_with(message, 'banner exchange') or starts_with(message, 'Unable to negotiate')
                then 'scan'
            when starts_with(message, 'PAM ') then 'fail'
            when starts_with(message, 'reverse mapping') then 'reverse_mapping'
            when starts_with(message, 'refused connect') then 'refuse'
            when starts_with(message, 'Timeout before') then 'timeout'
            when starts_with(message, 'Received signal') then 'stop'
            when starts_with(message, 'error: ') or starts_with(message, 'fatal: ') then 'error'
            when starts_with(message, 'pam_') then 'pam'
        end as kind,
        regexp_extract(message,
            '(?:from|user .*|by|with|closed by|reset by) ?((?:\d{1,3}\.){3}\d{1,3}|[0-9A-Fa-f]*:[0-9A-Fa-f:.]+)(?: port (\d+))?(?:[ :].*)?$',
            ['ip', 'port']) as peer,
        nullif(regexp_extract(message, '(?:[Ii]nvalid user|[Ii]llegal user|authenticating user|User) (.*?)(?: from .*| (?:\d{1,3}\.){3}\d.*| \[preauth\]|:.*)?$', 1), '')
            as named
    from logins
)
select
    evidence, line, offset_bytes,
    case
        when l.verb != '' or p.verb = 'authentication failure'
            or kind in ('invalid_user', 'deny', 'max_auth', 'fail') then 'login'
        else 'ssh'
    end as category,
    case
        when l.verb != '' then lower(l.verb)
        when p.verb like 'session opened%' then 'session_open'
        when p.verb like 'session closed%' then 'session_close'
        when p.verb = 'authentication failure' then 'failed'
        else kind
    end as activity,
    case
        when l.verb = 'Accepted' or p.verb like 'session%' or kind in ('connect', 'listen', 'session')
            then 'ok'
        when l.verb in ('Postponed', 'Partial') then 'unknown'
        when l.verb = 'Failed' or p.verb = 'authentication failure'
            or kind in ('invalid_user', 'max_auth', 'fail', 'error', 'scan', 'timeout') then 'failed'
        when kind in ('deny', 'refuse') then 'denied'
        else 'unknown'
    end as outcome,
    case
        when l.verb = 'Failed' or p.verb = 'authentication failure'
            or kind in ('invalid_user', 'deny', 'max_auth', 'fail', 'refuse', 'error', 'scan') then 3
        else 1
    end as severity,
    coalesce(nullif(l.user, ''), nullif(p.user1, ''), nullif(p.user2, ''), named) as actor,
    if(coalesce(nullif(l.user, ''), nullif(p.user1, ''), nullif(p.user2, ''), named) is null, null,
        'user') as actor_type,
    coalesce(nullif(l.ip, ''), nullif(p.ip, ''), nullif(peer.ip, '')) as src_ip,
    coalesce(try_cast(l.port as usmallint), try_cast(peer.port as usmallint)) as src_port,
    nullif(l.method, '') as status,
    message,
    if(l.verb = '', null, json_object('method', l.method, 'unknown_user', l.unknown != '',
        'key', nullif(l.key, ''))) as fields
from other
where l.verb != '' or p.verb != '' or kind is not null
