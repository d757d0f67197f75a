-- id: sources
-- title: What a segment holds of each file, and where a later run goes on
create table sources (
    evidence varchar,
    path varchar,
    -- lines that begin here, lines that an event has or cites (must be equal), events, and those
    -- of them that no format knew
    lines ubigint,
    covered ubigint,
    events ubigint,
    text ubigint,
    bytes ubigint,
    -- [{chain, events}]
    formats struct(chain varchar, events ubigint)[],
    first_ts timestamp,
    last_ts timestamp,
    seconds double,
    -- nothing of the file is missing after this segment
    is_complete boolean,
    -- else: the next byte to read, and the offsets of rows before it that were left for later
    next_offset ubigint,
    held ubigint[]
);
create table unread (
    evidence varchar,
    path varchar,
    offset_bytes ubigint,
    reason varchar
);
-- evidence of which every file is complete with this segment
create table finished (
    evidence varchar
);
-- the analyst's word on times that these rows were written with
create table settings (
    evidence varchar,
    zone varchar,
    year integer,
    skew_us bigint,
    node varchar,
    cluster varchar
);
-- segments that this one stands for (merged, or with corrected times); readers leave them out
create table replaces (
    name varchar
);
