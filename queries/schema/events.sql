-- id: events
-- title: One table of events per segment; OCSF's names where it has them, flattened
create table events (
    -- where in the segment its first row stood, ascending with the sources; not unique
    seq ubigint not null,
    -- when
    ts timestamp,
    ts_end timestamp,
    ts_quality varchar,
    ts_label varchar,
    -- what
    category varchar,
    activity varchar,
    outcome varchar,
    status varchar,
    severity utinyint,
    -- who
    actor varchar,
    actor_type varchar,
    groups varchar[],
    session varchar,
    user_agent varchar,
    src_ip varchar,
    src_port usmallint,
    -- to what
    dst_ip varchar,
    dst_port usmallint,
    dst_name varchar,
    object_kind varchar,
    object_name varchar,
    subresource varchar,
    file_path varchar,
    file_hash varchar,
    -- where
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
    -- process
    pid bigint,
    ppid bigint,
    exe varchar,
    cmdline varchar,
    -- text
    message varchar,
    fields varchar using compression zstd,
    -- search: what the columns above say and neither message nor fields does
    also varchar,
    -- trace: the first line, how many lines from there on, and lines elsewhere that belong to it
    evidence varchar not null,
    path varchar not null,
    line ubigint not null,
    part uinteger not null,
    line_count uinteger not null,
    offset_bytes ubigint not null,
    size_bytes ubigint not null,
    cites struct(line ubigint, offset_bytes ubigint, size_bytes ubigint)[],
    format varchar not null
);
