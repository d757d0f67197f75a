-- id: macros
-- title: What several formats need, said once

-- A wall-clock time as UTC. A zone that the analyst gave wins, else UTC is assumed.
create or replace temp macro in_utc(wall, zone) as
    if(zone is null, wall, timezone('UTC', timezone(zone, wall)));

-- How good a time without a zone of its own is: guessed, or the analyst's word. Such times can be
-- corrected later, so they never become `exact`.
create or replace temp macro zone_quality(zone) as
    if(zone is null, 'inferred_zone', 'set_zone');

-- How good a time without year and zone of its own is.
create or replace temp macro year_quality(year, zone) as
    if(year is null, 'inferred_year', 'set_year');

-- `Mar  3 14:05:06[.123456]` as a wall-clock time in the file's year (`stamp_near`), and in the year
-- that is meant (`stamp_ts`): the analyst's, else the latest that does not put the line more than a
-- day after the file was last written. 29 February exists only in some years: then the last leap
-- year. Two steps, because the first one is dear and the second one needs it more than once.
create or replace temp macro stamp_in(text, year) as
    try_strptime(year::varchar || ' ' || text, ['%Y %b %d %H:%M:%S', '%Y %b %d %H:%M:%S.%f']);
create or replace temp macro stamp_near(text, year, file_ts) as
    stamp_in(text, coalesce(year, year(file_ts)));
create or replace temp macro stamp_ts(near, text, year, file_ts) as (
    case
        when near is null and starts_with(text, 'Feb') then coalesce(
            stamp_in(text, coalesce(year, year(file_ts)) - coalesce(year, year(file_ts)) % 4),
            null)
        when year is null and near > file_ts + interval 1 day
            then near - if(starts_with(text, 'Feb 29'), interval 4 year, interval 1 year)
        else near
    end
);

-- What may stand before the time of a line: a level, something in brackets, an address, numbers, the
-- name of a log file. As the head of a regular expression, with one group.
create or replace temp macro time_lead() as
    '^((?: ?\[[^\[\]]{1,60}\]:?[ \t|]*|(?:\([A-Z]\)|(?i:trace|debug|info|notice|warn(?:ing)?|err(?:or)?|crit(?:ical)?|fatal|severe|alert|panic|[DIWEF],)[:,]?|(?:\d{1,3}\.){3}\d{1,3}(?::\d+)?|[\d.]{1,24}|[-|]|\S{1,60}\.log\S{0,60})[ \t|]+){0,4}?)';

-- A wall-clock time of twelve hours, with AM or PM (or neither) told.
create or replace temp macro half_day(wall, half) as
    case
        when upper(half) = 'PM' and hour(wall) < 12 then wall + interval 12 hour
        when upper(half) = 'AM' and hour(wall) = 12 then wall - interval 12 hour
        else wall
    end;

-- A wall-clock time of numbers as text; null where the calendar or the clock has no such time.
create or replace temp macro dated(year, month, day, clock, fraction, half) as
    half_day(
        try_strptime(year || '-' || month || '-' || day || ' ' || clock || '.'
            || rpad(left(fraction, 6), 6, '0'), '%Y-%m-%d %H:%M:%S.%f'), half);

-- An RFC 3339 or ISO 8601 time with any number of fraction digits as UTC microseconds; null if none.
-- `infinity`, years that no calendar has, and year 1 (Go's "no time") are none either.
create or replace temp macro iso_ts(text) as
    if(ltrim(text) between '1900' and '9999' and ltrim(text)[5] not between '0' and '9',
        try_cast(try_cast(text as timestamptz) as timestamp), null);

-- One text value of a JSON document at a JSON path; null for JSON null.
create or replace temp macro jtext(document, path) as
    nullif(json_extract_string(document, path), 'null');

-- The resource of a Kubernetes kind: `Ingress` is ingresses, `NetworkPolicy` networkpolicies.
-- Source: k8s.io/apimachinery/pkg/api/meta, UnsafeGuessKindToResource.
create or replace temp macro resource_of(kind) as (
    case
        when ends_with(lower(kind), 'endpoints') then lower(kind)
        when regexp_matches(lower(kind), '(s|x|z|ch|sh)$') then lower(kind) || 'es'
        when regexp_matches(lower(kind), '[^aeiou]y$') then lower(kind)[:-2] || 'ies'
        else lower(kind) || 's'
    end
);

-- A number as text, in seconds, milli-, micro- or nanoseconds since 1970, as UTC; null if none.
create or replace temp macro epoch_ts(text) as (
    case
        when not regexp_matches(text, '^1[0-9]{9}(\.[0-9]+)?$|^1[0-9]{12}$|^1[0-9]{15}$|^1[0-9]{18}$')
            then null
        when contains(text, '.') or strlen(text) = 10
            then make_timestamp((try_cast(text as decimal(28, 6)) * 1000000)::bigint)
        when strlen(text) = 13 then make_timestamp(try_cast(text as bigint) * 1000)
        when strlen(text) = 16 then make_timestamp(try_cast(text as bigint))
        else make_timestamp(try_cast(text as bigint) // 1000)
    end
);

-- OCSF severity of a logger's level, in lower case.
create or replace temp macro level_severity(level) as
    case
        when level in ('trace', 'debug', 'verbose') then 0
        when level in ('info', 'information', 'informational', 'notice', 'default', 'ok') then 1
        when level in ('warn', 'warning') then 3
        when level in ('error', 'err', 'fail', 'failed') then 4
        when level in ('critical', 'crit', 'alert', 'panic', 'dpanic') then 5
        when level in ('fatal', 'emergency', 'emerg') then 6
    end;

-- `'{"a":…}'` from pairs that may be null: a JSON object without its null members.
create or replace temp macro json_some(document) as
    json_merge_patch('{}', document);

-- Little-endian unsigned number from hexadecimal digits (two a byte, at most 8 bytes).
create or replace temp macro hex_le(digits) as
    try_cast('0x' || array_to_string(list_reverse(regexp_extract_all(digits, '..')), '') as bigint);

-- Text up to the first NUL from hexadecimal digits; null where it is no UTF-8.
create or replace temp macro hex_text(digits) as
    try(decode(unhex(regexp_extract(digits, '^((?:[0-9a-fA-F][1-9a-fA-F]|[1-9a-fA-F]0)*)', 1))));

-- `0:0:0:0:0:0:0:1` as `::1`: the first run of two or more zero groups is left out.
create or replace temp macro ip6_short(groups) as
    if(regexp_matches(groups, '(^|:)0(:0)+(:|$)'),
        regexp_replace(groups, '(^|:)0(:0)+(:|$)', '::'), groups);

-- The bytes of hexadecimal digits as text; NUL becomes a blank, what is no UTF-8 an escape.
create or replace temp macro hex_lossy(digits) as
    replace(coalesce(try(decode(unhex(digits))), replace(try(unhex(digits)::varchar), '\x00', ' '),
        digits), chr(0), ' ');

-- A value of an audit record: quoted, or hexadecimal where it holds blanks or controls.
create or replace temp macro audit_value(value) as
    case
        when value is null or value in ('', '?', '(null)', '(none)') then null
        when value[1] = '"' then trim(value, '"')
        when regexp_full_match(value, '([0-9A-F]{2}){2,}') then hex_lossy(value)
        else value
    end;

-- What became of an audit event, and how bad it is. Of SECCOMP 0x7ffc0000 only logs, 0x7fc00000 asks
-- another process.
create or replace temp macro audit_outcome(type, is_permitted, code, success, exit, is_failure) as
    case
        when type in ('AVC', 'USER_AVC') then if(is_permitted, 'ok', 'denied')
        when type = 'SECCOMP' then if(code in ('0x7ffc0000', '0x7fc00000'), 'ok', 'denied')
        when success in ('yes', 'success', '1') then 'ok'
        when exit in ('-13', '-1', 'EACCES', 'EPERM') then 'denied'
        when is_failure then 'failed'
        else 'unknown'
    end;
create or replace temp macro audit_severity(type, is_permitted, code, is_failure, action) as
    case
        when type in ('AVC', 'USER_AVC', 'SECCOMP') or type like 'ANOM%'
            then if(is_permitted or code in ('0x7ffc0000', '0x7fc00000'), 2, 4)
        when is_failure then 3
        when type in ('ADD_USER', 'DEL_USER', 'CONFIG_CHANGE', 'ADD_GROUP', 'DEL_GROUP',
            'USER_CHAUTHTOK', 'DAEMON_END') or action in ('init_module', 'ptrace') then 3
        else 1
    end;

-- What a status of HTTP says of a request, as text.
create or replace temp macro http_outcome(status) as
    case status[1]
        when '1' then 'ok' when '2' then 'ok' when '3' then 'ok'
        when '4' then if(status in ('401', '403', '429'), 'denied', 'failed')
        when '5' then 'failed' else 'unknown'
    end;
create or replace temp macro http_severity(status) as
    case status[1] when '4' then 2 when '5' then 4 else 1 end;

-- Names of the system calls that an investigation meets, by the `arch` of the record: x86-64,
-- aarch64 or 32-bit x86; else `syscall_N`.
create or replace temp macro audit_syscall(arch, number) as
    coalesce(
        case arch
            when 'c00000b7' then map {'203': 'connect', '202': 'accept', '242': 'accept',
                '200': 'bind', '201': 'listen', '198': 'socket', '206': 'sendto', '211': 'sendto',
                '207': 'recvfrom', '212': 'recvfrom', '221': 'exec', '281': 'exec', '56': 'open',
                '437': 'open', '35': 'delete', '38': 'rename', '276': 'rename', '34': 'mkdir',
                '33': 'mknod', '36': 'symlink', '37': 'link', '53': 'chmod', '52': 'chmod',
                '54': 'chown', '55': 'chown', '45': 'truncate', '46': 'truncate', '40': 'mount',
                '39': 'umount', '41': 'pivot_root', '51': 'chroot', '117': 'ptrace',
                '129': 'kill', '105': 'init_module', '273': 'init_module', '106': 'delete_module',
                '97': 'unshare', '268': 'setns', '270': 'process_vm_read',
                '271': 'process_vm_write', '279': 'memfd_create', '280': 'bpf', '220': 'clone',
                '435': 'clone', '146': 'setuid', '147': 'setuid', '112': 'clock_set',
                '170': 'clock_set', '161': 'sethostname', '5': 'setxattr'}[number]
            when '40000003' then map {'11': 'exec', '358': 'exec', '5': 'open', '295': 'open',
                '10': 'delete', '301': 'delete', '38': 'rename', '39': 'mkdir', '14': 'mknod',
                '15': 'chmod', '306': 'chmod', '182': 'chown', '21': 'mount', '26': 'ptrace',
                '37': 'kill', '128': 'init_module', '350': 'init_module', '102': 'socketcall',
                '362': 'connect', '361': 'bind', '363': 'listen', '364': 'accept', '359': 'socket',
                '310': 'unshare', '346': 'setns', '356': 'memfd_create', '357': 'bpf'}[number]
            else map {'0': 'read', '1': 'write', '2': 'open', '257': 'open', '437': 'open',
                '85': 'create', '41': 'socket', '42': 'connect', '43': 'accept', '288': 'accept',
                '44': 'sendto', '46': 'sendto', '307': 'sendto', '45': 'recvfrom',
                '47': 'recvfrom', '49': 'bind', '50': 'listen', '56': 'clone', '435': 'clone',
                '59': 'exec', '322': 'exec', '62': 'kill', '82': 'rename', '264': 'rename',
                '316': 'rename', '87': 'delete', '263': 'delete', '84': 'rmdir', '83': 'mkdir',
                '258': 'mkdir', '133': 'mknod', '259': 'mknod', '88': 'symlink', '266': 'symlink',
                '86': 'link', '265': 'link', '90': 'chmod', '91': 'chmod', '268': 'chmod',
                '92': 'chown', '93': 'chown', '94': 'chown', '260': 'chown', '76': 'truncate',
                '77': 'truncate', '101': 'ptrace', '105': 'setuid', '113': 'setuid',
                '117': 'setuid', '155': 'pivot_root', '161': 'chroot', '165': 'mount',
                '166': 'umount', '159': 'clock_set', '164': 'clock_set', '227': 'clock_set',
                '170': 'sethostname', '175': 'init_module', '313': 'init_module',
                '176': 'delete_module', '188': 'setxattr', '272': 'unshare', '308': 'setns',
                '310': 'process_vm_read', '311': 'process_vm_write', '319': 'memfd_create',
                '321': 'bpf'}[number]
        end,
        'syscall_' || number);

-- Sixteen bytes of hexadecimal digits as an IPv6 address in its short form, or as the IPv4 address
-- that is mapped into it.
create or replace temp macro ip6_text(digits) as
    if(lower(digits[1:24]) = repeat('0', 20) || 'ffff',
        concat_ws('.', hex_le(digits[25:26]), hex_le(digits[27:28]), hex_le(digits[29:30]),
            hex_le(digits[31:32])),
        ip6_short(lower(array_to_string(list_transform(range(0, 8),
            lambda i: ltrim(digits[(1 + i * 4):(3 + i * 4)], '0') || digits[(4 + i * 4):(4 + i * 4)]),
            ':'))));

-- Address and port of `1.2.3.4:80`, `[fd00::1]:80` or a bare address; null for anything else.
create or replace temp macro address_of(peer) as
    nullif(coalesce(
        nullif(regexp_extract(peer, '^\[?([0-9a-fA-F]*:[0-9a-fA-F]*:[0-9a-fA-F:.]*)\]?(?:$|\]:\d+$)', 1), ''),
        regexp_extract(peer, '^((?:\d{1,3}\.){3}\d{1,3})(?::\d+)?$', 1)), '');
create or replace temp macro port_of(peer) as
    try_cast(nullif(regexp_extract(peer, ':(\d{1,5})/?$', 1), '') as usmallint);

-- Who and whence in a line that no format knows, by the words that programs put before them. The
-- rest of a line can be an attacker's text: where the words name two, none is taken.
create or replace temp macro said_once(found) as
    if(len(list_distinct(found)) = 1, found[1], null);

-- `from 192.0.2.4`, `ip=192.0.2.4:28050`, `rhost=::ffff:192.0.2.4`, `[client 2001:db8::1]`,
-- `unknown[192.0.2.4]`, `'root'@'192.0.2.4'`.
create or replace temp macro said_ips(text) as
    if(not regexp_matches(text, '\d\.\d{1,3}\.\d{1,3}\.\d|:[0-9a-fA-F]{0,4}:'), [], regexp_extract_all(text,
        '(?i)(?:(?:^|[^a-z0-9_.-])(?:client(?:[_ ]?(?:ip|addr(?:ess)?))?|peer(?:_(?:ip|addr))?|rhost|rip|oip|remote(?:[ _-]?(?:ip|host|addr(?:ess)?))?|(?:private |source |src[ _]?)?ip(?:[ -]?addr(?:ess)?)?|(?:from|by)(?: (?:user|host|ip|address|private ip))?|src|source)["'']?(?: is)? ?[:=]? ?["''`(<\[]*(?:ipv[46]:)?|[a-z0-9)]\[|''@'')(?:::ffff:)?((?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)|(?:[0-9a-f]{1,4}:){7}[0-9a-f]{1,4}|(?:[0-9a-f]{1,4}(?::[0-9a-f]{1,4}){0,6})?::(?:[0-9a-f]{1,4}(?::[0-9a-f]{1,4}){0,6})?)(?:[^0-9a-z.:]|[.:](?:$|[^0-9a-z])|:\d{1,5}\b|$)',
        1));

-- An address as the first word, or after a level: `INFO:     127.0.0.1:52782 - "GET / HTTP/1.1" 200`.
create or replace temp macro said_first_ip(text) as
    nullif(regexp_extract(text,
        '(?i)^ ?(?:(?:trace|debug|info|notice|warn|warning|error):? +)?(?:::ffff:)?((?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)|(?:[0-9a-f]{1,4}:){7}[0-9a-f]{1,4}|(?:[0-9a-f]{1,4}(?::[0-9a-f]{1,4}){0,6})?::(?:[0-9a-f]{1,4}(?::[0-9a-f]{1,4}){0,6})?)(?:[^0-9a-z.:]|[.:](?:$|[^0-9a-z])|:\d{1,5}\b|$)', 1), '');

-- The peer: as the words say, else the first word; none where the words name two.
create or replace temp macro said_ip(text) as
    if(len(said_ips(text)) > 0, said_once(said_ips(text)), said_first_ip(text));

-- The port that follows an address in a text.
create or replace temp macro said_port(text, ip) as
    try_cast(nullif(regexp_extract(
        substring(text, position(ip in text) + length(ip), 8), '^\]?:(\d{1,5})\b', 1), '') as usmallint);

-- A name that stands for nobody is none.
create or replace temp macro somebody(name) as
    if(name in ('', '-', '--', 'N/A', 'n/a', 'null', 'None', '<nil>'), null, name);

-- `user=ana`, `user 'ana'`, `username: ana`, `account "ana"`, `for user ana`, `login for 'ana'`.
create or replace temp macro said_user(text) as
    if(not regexp_matches(text, '(?i)user|uname|account|login|(attempt|password|authentication) for'),
        null, said_once(list_filter(
        list_transform(
            list_concat(
                regexp_extract_all(text,
                    '(?i)(?:^|[^a-z0-9_-])(?:user(?:[ _]?name)?|account|login|(?:login|attempt|password|authentication) for)(?: input)?(?:=| ?: ?| |\(s\) )["''`<(\[]([^"''`<>()\[\]\s]{1,120})["''`>)\]]',
                    1),
                regexp_extract_all(text,
                    '(?i)(?:^|[^a-z0-9_-])(?:(?:user(?:_?name)?|uname|account|login)=|username: |(?:for|invalid|unknown|by|of) user:? )([a-z0-9_][a-z0-9_.@+$\\-]{0,119})',
                    1)),
            lambda u: rtrim(u, '.')),
        lambda u: somebody(u) is not null
            and lower(u) not in ('not', 'for', 'is', 'with', 'input', 'unknown', 'undefined'))));

-- Whether a line says that somebody logged in (`ok`) or could not (`failed`); else null.
create or replace temp macro said_login(text) as
    case
        when regexp_matches(text,
            '(?i)\b(?:log(?:ged)?[ _-]?[io]n|sign[ _-]?in|auth(?:entication|orization)?|authenticator|password|access)(?: attempt)?(?: has)?[ :_-]{1,2}(?:fail(?:ed|ure)?|denied|reject(?:ed)?|error|incorrect|unsuccessful)\b|\b(?:fail(?:ed)?|invalid|incorrect|unsuccessful|wrong|bad|rejected|denied)[ _](?:(?:1fa|2fa|totp|http|ssh|sasl|web|admin|ssl|user|username|email|or|api) )*(?:log[ _-]?in|sign[ _-]?in|auth(?:entication)?(?: attempt| data)?|password|credentials)\b|\baccess denied for user\b|\b(?:username|user name|email) or password is (?:incorrect|invalid|wrong)\b|\buser(?:name)? (?:is )?not found\b|\bno such user\b|\bunknown user\b')
            then 'failed'
        when regexp_matches(text,
            '(?i)\b(?:success(?:ful(?:ly)?)?[ _](?:log[ _-]?in|logged[ -]in|sign(?:ed)?[ -]?in|authenticat(?:ion|ed))|(?:log[ _-]?in|sign[ -]?in|authentication)[ :_-]{1,2}(?:success(?:ful|fully)?|succeeded|ok|accepted)|logged in (?:with|from|as|via|successfully))\b')
            then 'ok'
    end;

-- The same of a line that names somebody or somewhere: words alone are a program's talk.
create or replace temp macro login_of(text, person, whence) as
    if(coalesce(person, whence) is null, null, said_login(text));

-- The level that a logger wrote near the head of a line, in capitals or in brackets; lower case.
create or replace temp macro said_level(text) as
    lower(nullif(ltrim(regexp_extract(left(text, 120),
        '(?:^|[ \t|.:\[<])(?:TRACE|DEBUG|INFO|NOTICE|WARN(?:ING)?|ERR(?:OR)?|CRIT(?:ICAL)?|ALERT|FATAL|SEVERE|PANIC|EMERG)\b|(?:^|\[)(?i:trace|debug|info|notice|warn(?:ing)?|err(?:or)?|crit(?:ical)?|alert|fatal|panic|emerg)\b'),
        ' ' || chr(9) || '|.:[<'), ''));

-- `[::ffff:192.0.2.4]:80`, as a server that listens on IPv6 writes an IPv4 peer: `192.0.2.4:80`.
create or replace temp macro plain_v4(peer) as
    regexp_replace(peer, '^\[?::ffff:([0-9.]+)\]?', '\1');

-- The peer and the person in a map of names and values, by the names that loggers and tables use.
create or replace temp macro named_peer(m) as
    plain_v4(coalesce(m['client_ip'], m['clientip'], m['client_ip_address'], m['clientipaddress'], m['ipaddress'], m['remote_ip'], m['remote_addr'], m['src_ip'],
        m['source_ip'], m['peer_ip'], m['srcip'], m['sourceip'], m['src'], m['source_address'], m['client_address'],
        m['rhost'], m['ip'], m['ip_address'], m['client'], m['remote'], m['peer'], m['addr']));
create or replace temp macro named_user(m) as
    somebody(coalesce(m['username'], m['user_name'], m['user'], m['User'], m['uname'], m['account'],
        m['login'], m['actor'], m['email']));

-- The text of an XML element: its five named entities, line ends and tabs.
create or replace temp macro xml_text(text) as
    replace(replace(replace(replace(replace(replace(replace(replace(text, '&lt;', '<'), '&gt;', '>'),
        '&quot;', '"'), '&apos;', ''''), '&#xD;', chr(13)), '&#xA;', chr(10)), '&#x9;', chr(9)),
        '&amp;', '&');

-- A user of Windows as logs name them, `DOMAIN\user`; null for nobody.
create or replace temp macro windows_account(domain, name) as
    if(nullif(name, '-') is null or name = '', null,
        if(nullif(domain, '-') is null or domain = '' or contains(name, '\'), name, domain || '\' || name));

-- A process's number in decimal or, after 0x, in hexadecimal digits.
create or replace temp macro windows_pid(text) as
    coalesce(try_cast(text as bigint), try_cast(lower(text) as bigint));

-- What a message of PostgreSQL tells of a session, by its own words; null for anything else.
create or replace temp macro postgres_kind(level, text) as
    case
        when starts_with(text, 'connection received: ') then 'connect'
        when starts_with(text, 'connection authorized: ') then 'login'
        when starts_with(text, 'connection authenticated: ') then 'authenticate'
        when starts_with(text, 'disconnection: ') then 'disconnect'
        when level = 'FATAL' and regexp_matches(text,
            '^(\w+ authentication failed|[\w ]+ authentication failed|role ".*" (does not exist|is not permitted to log in)|database ".*" does not exist|no PostgreSQL user name)')
            then 'refuse'
        when level = 'FATAL' and regexp_matches(text, '^(no pg_hba\.conf entry|pg_hba\.conf rejects)')
            then 'deny'
        when regexp_matches(text, '^permission denied for |^must be (owner|superuser)') then 'forbid'
        when regexp_matches(text, '^(statement|execute [^:]*|AUDIT): ') then 'query'
    end;
create or replace temp macro postgres_category(kind) as
    case when kind in ('login', 'authenticate', 'refuse', 'deny') then 'login'
        when kind in ('connect', 'disconnect') then 'network' else 'system' end;
create or replace temp macro postgres_activity(kind) as
    case kind when 'refuse' then 'login' when 'deny' then 'login' when 'forbid' then 'query'
        else coalesce(kind, 'log') end;
create or replace temp macro postgres_outcome(kind, level) as
    case
        when kind in ('connect', 'login', 'authenticate', 'disconnect') then 'ok'
        when kind in ('deny', 'forbid') then 'denied'
        when kind = 'refuse' or level in ('ERROR', 'FATAL', 'PANIC') then 'failed'
        else 'unknown'
    end;
-- `copy … program` runs a command on the server's machine.
create or replace temp macro postgres_severity(kind, level, text) as
    case
        when kind = 'query' and regexp_matches(text, '(?is)^[^:]*:\s*copy\b.*\bprogram\b') then 4
        when kind in ('refuse', 'deny', 'forbid') then 3
        when level = 'PANIC' then 6 when level in ('ERROR', 'FATAL') then 4
        when level = 'WARNING' then 3 when level like 'DEBUG%' then 0
        else 1
    end;

-- A JSON object with what the envelopes around it said, as its member `_envelope`; what is no object
-- stays as it is.
create or replace temp macro enveloped(document, envelope) as
    case
        when envelope is null or document is null or not ends_with(rtrim(document), '}') then document
        when strlen(document) < 8 and regexp_full_match(document, '\s*\{\s*\}\s*')
            then '{"_envelope":' || envelope || '}'
        else left(rtrim(document), -1) || ',"_envelope":' || envelope || '}'
    end;

-- An object of those members that are there: their names, and their values as JSON; null if none is.
create or replace temp macro json_members(names, members) as
    nullif('{' || array_to_string(list_transform(
        list_filter(list_zip(names, members), lambda x: x[2] is not null and x[2] != 'null'),
        lambda x: '"' || x[1] || '":' || x[2]), ',') || '}', '{}');

-- A label of a Loki stream: `pod`, or as OpenTelemetry and some agents name it.
create or replace temp macro loki_label(labels, name) as
    coalesce(json_extract_string(labels, '$."' || name || '"'),
        json_extract_string(labels, '$."' || name || '_name"'),
        json_extract_string(labels, '$."k8s_' || name || '_name"'));
