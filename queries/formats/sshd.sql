-- id: sshd
-- title: OpenSSH server: logins, sessions, connections
-- kind: record
-- rank: 40
-- recognise: ^ ?(Accepted|Failed|Postponed|Partial) \S+ for .* from \S+ port \d+
-- recognise: ^ ?(Invalid user|Illegal user|Connection (closed|reset|from)|Disconnected from|Disconnecting|Received disconnect|Did not receive identification|Bad protocol version|Server listening|User .+ from .+ not allowed|error: maximum authentication|Unable to negotiate|banner exchange|input_userauth_request|reverse mapping|Received signal|error: |fatal: |Starting session|Close session|refused connect from|Timeout before|ssh_dispatch_run_fatal|kex_exchange_identification|Magic value check failed|User child is on pid|subsystem request for)
-- recognise: ^(pam_\w+\(sshd?:\w+\):|PAM \d+ more authentication failure|PAM service\(sshd\))
-- example: Failed password for invalid user oracle from 203.0.113.9 port 41822 ssh2
-- example: Accepted publickey for plaso from 192.168.0.1 port 59229 ssh2: RSA 00:aa:bb:cc:dd:ee:ff:11:22:33:44:55:66:77:88:99
-- example: pam_unix(sshd:session): session opened for user zjj by (uid=0)
-- example: Invalid user pascal from 35.188.49.176 port 53502
-- example: Connection closed by authenticating user root 206.81.24.125 port 45362 [preauth]
-- yields: login, ssh
-- source: OpenSSH auth.c auth_log(), packet.c, sshd.c; Linux-PAM pam_unix
-- A user name is the attacker's text. Where sshd writes it before the address, `.*` is greedy, so
-- that only the last address counts; where text of the peer follows, the address is read from the
-- front. What a container prints is taken for sshd only where it is a whole login line.
with said as (
    select
        evidence, line, offset_bytes, context, ltrim(message) as message,
        program is null or program in ('stdout', 'stderr') as is_bare
    from lines
    where program is null
        or program in ('sshd', 'sshd-session', 'sshd-auth', 'stdout', 'stderr')
),
kinds as (
    select
        *,
        case
            when starts_with(message, 'Accepted ') or starts_with(message, 'Failed ')
                or starts_with(message, 'Postponed ') or starts_with(message, 'Partial ')
                then 'auth'
            when starts_with(message, 'pam_') then case
                when contains(message, '): session opened for user ') then 'session_open'
                when contains(message, '): session closed for user ') then 'session_close'
                when contains(message, ':auth): authentication failure;') then 'pam_failed'
                else 'pam'
            end
            when regexp_matches(message, '^PAM \d+ more authentication failure') then 'pam_failed'
            when starts_with(message, 'PAM service(sshd)') then 'pam'
            when starts_with(message, 'Invalid user ') or starts_with(message, 'Illegal user ')
                or starts_with(message, 'input_userauth_request: invalid user ')
                then 'invalid_user'
            when starts_with(message, 'User child is on pid ') then 'session'
            when starts_with(message, 'User ') and contains(message, ' not allowed because ')
                then 'deny'
            when regexp_matches(message,
                '^(error: )?maximum authentication attempts exceeded for ') then 'max_auth'
            when regexp_matches(message,
                '^(fatal: )?Timeout before authentication for |^(error|fatal): .*Timeout') then 'timeout'
            when starts_with(message, 'Connection from ') then 'connect'
            when regexp_matches(message,
                '^(Connection (closed|reset)|Disconnect(ed|ing)|Received disconnect|Close session)')
                then 'disconnect'
            when starts_with(message, 'Starting session: ')
                or starts_with(message, 'subsystem request for ') then 'session'
            when starts_with(message, 'Server listening on ') then 'listen'
            when regexp_matches(message,
                '^(error: |fatal: )?(Did not receive identification|Bad protocol version|banner exchange|Unable to negotiate|kex_|Magic value check failed|ssh_dispatch_run_fatal)')
                then 'scan'
            when starts_with(message, 'reverse mapping ') then 'reverse_mapping'
            when starts_with(message, 'refused connect from ') then 'refuse'
            when starts_with(message, 'Received signal ') then 'stop'
            when starts_with(message, 'error: ') or starts_with(message, 'fatal: ') then 'error'
        end as kind
    from said
),
fronts as (
    select
        *,
        -- the address stands first: what follows may be the peer's text
        if(kind in ('connect', 'disconnect', 'scan', 'timeout'), regexp_extract(message,
            '^(?:fatal: |error: )?(?:Connection from|Connection (?:closed|reset) by|Received disconnect from|Disconnected from|Unable to negotiate with|banner exchange: Connection from|ssh_dispatch_run_fatal: Connection from|Timeout before authentication for(?: connection from)?) ([0-9A-Fa-f]*[:.][0-9A-Fa-f:.]*[0-9A-Fa-f])(?: port (\d+))?(?:[: ]|$)',
            ['ip', 'port']), null) as front
    from kinds
    where kind is not null
),
logins as (
    select
        *,
        if(kind = 'auth', regexp_extract(message,
            '^(Accepted|Failed|Postponed|Partial) (\S+) for (invalid user |illegal user )?(.*) from (\S+) port (\d+)(?: +ssh\d?)?(?:: (.*)| \[preauth\])?$',
            ['verb', 'method', 'unknown', 'user', 'ip', 'port', 'key']), null) as l,
        case
            when kind in ('session_open', 'session_close') then regexp_extract(message,
                '^pam_\w+\(sshd?:\w+\): session \w+ for user (\S+?)(?:\(uid=\d+\))?(?: by .*)?$',
                ['user'])
            when kind = 'pam_failed' then {'user':
                regexp_extract(message, ' ruser=\S* rhost=\S* +user=(.*)$', 1)}
            when kind = 'invalid_user' then regexp_extract(message,
                '(?:Invalid|Illegal|invalid) user (.*?)(?: from [0-9A-Fa-f:.]+(?: port \d+)?| \[preauth\])?$',
                ['user'])
            when kind = 'deny' then regexp_extract(message, '^User (.*) from \S+ not allowed', ['user'])
            when kind = 'max_auth' then regexp_extract(message,
                'exceeded for (?:invalid user |illegal user )?(.*) from \S+ port \d+', ['user'])
            when kind = 'disconnect' then regexp_extract(message,
                '^(?:Connection (?:closed|reset) by|Disconnect(?:ed from|ing)|Close session:)(?: authenticating| invalid)? user (.*) (?:from )?[0-9A-Fa-f:.]+ port \d+(?: \[preauth\]| id \d+|: [A-Za-z _-]*)*$',
                ['user'])
            when kind = 'session' then regexp_extract(message,
                '(?:^Starting session: .* for (.*) from \S+ port \d+ id \d+$|^subsystem request for \S+ by user (.*)$)',
                ['user', 'user2'])
        end as who,
        case
            when kind = 'pam_failed' then regexp_extract(message,
                ' ruser=\S* rhost=(\S+)()', ['ip', 'port'])
            when kind = 'reverse_mapping' then regexp_extract(message,
                ' \[([0-9A-Fa-f:.]+)\] failed()', ['ip', 'port'])
            when kind = 'refuse' then regexp_extract(message,
                ' \(([0-9A-Fa-f:.]+)\)()$', ['ip', 'port'])
            when kind = 'deny' then regexp_extract(message,
                '^.* from (\S+) not allowed because ()', ['ip', 'port'])
            when kind in ('invalid_user', 'max_auth', 'connect', 'disconnect', 'session', 'scan',
                'timeout') and coalesce(front.ip, '') = '' then regexp_extract(message,
                '^.* ([0-9A-Fa-f]*[:.][0-9A-Fa-f:.]*[0-9A-Fa-f])(?: port (\d+))?(?: ssh\d?)?(?: \[preauth\]| id \d+|: [A-Za-z _-]*)*$',
                ['ip', 'port'])
        end as peer
    from fronts
),
named as (
    select
        * exclude (who, peer, front),
        coalesce(nullif(l.user, ''), nullif(who.user, ''), nullif(who.user2, '')) as actor,
        coalesce(nullif(l.ip, ''), nullif(front.ip, ''), nullif(peer.ip, '')) as host,
        coalesce(nullif(l.port, ''), nullif(front.port, ''), nullif(peer.port, '')) as port,
        try_cast(context ->> '$.repeated' as integer) as repeated
    from logins
    where if(kind = 'auth', l.verb != '', not is_bare or not kind in ('error', 'stop', 'session'))
)
select
    evidence, line, offset_bytes,
    if(kind in ('auth', 'pam_failed', 'invalid_user', 'deny', 'max_auth'), 'login', 'ssh')
        as category,
    if(kind = 'auth', lower(l.verb), kind) as activity,
    case
        when kind = 'auth' then
            case l.verb when 'Accepted' then 'ok' when 'Failed' then 'failed' else 'unknown' end
        when kind in ('session_open', 'session_close', 'connect', 'listen', 'session') then 'ok'
        when kind in ('pam_failed', 'invalid_user', 'max_auth', 'error', 'scan', 'timeout')
            then 'failed'
        when kind in ('deny', 'refuse') then 'denied'
        else 'unknown'
    end as outcome,
    if(l.verb = 'Failed'
        or kind in ('pam_failed', 'invalid_user', 'deny', 'max_auth', 'refuse', 'error', 'scan'),
        3, 1) as severity,
    actor, if(actor is null, null, 'user') as actor_type,
    regexp_replace(address_of(host), '^::ffff:(\d+\.)', '\1') as src_ip,
    try_cast(port as usmallint) as src_port,
    nullif(l.method, '') as status,
    message || coalesce(' (repeated ' || repeated || ' times)', '') as message,
    if(kind = 'auth', json_object('method', l.method, 'unknown_user', l.unknown != '',
        'key', nullif(l.key, ''), 'host', host, 'repeated', repeated),
        context) as fields
from named
