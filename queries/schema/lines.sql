-- id: lines
-- title: What a format reads: one row per line, or per inner line of an envelope
-- The first six are the record; the rest is what the file or an outer envelope already says.
create temp table lines_shape (
    evidence varchar,
    -- a key, unique among the rows that one statement sees; the true line number is put back later
    line bigint,
    offset_bytes bigint,
    message varchar,
    -- JSON of what the outer line says of this one's text (syslog: how often it was repeated)
    context varchar,
    -- JSON object of what the outer records say beside the text (a Loki stream's labels, a CloudWatch
    -- log group, the resource of a Cloud Logging entry); events get it as `_envelope` in their fields
    envelope varchar,
    -- everything that the outer record holds, by its own names; an event without `fields` gets it
    fields varchar,
    ts timestamp,
    ts_quality varchar,
    ts_label varchar,
    severity utinyint,
    -- program of a syslog line, stream of a container log, unit of a journal entry
    program varchar,
    actor varchar,
    src_ip varchar,
    cluster varchar,
    node varchar,
    namespace varchar,
    workload varchar,
    pod varchar,
    container varchar,
    container_id varchar,
    image varchar,
    cloud_account varchar,
    region varchar,
    pid bigint,
    -- of the file: its display name, its first line or `#fields` line, when it was last written,
    -- and the analyst's word on the zone and the year of its times
    path varchar,
    header varchar,
    file_ts timestamp,
    zone varchar,
    year integer
);
