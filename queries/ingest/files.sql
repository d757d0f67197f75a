-- id: files
-- title: The files of this run, one row each; `file` is the key that rows carry
create temp table files (
    file integer,
    evidence varchar,
    path varchar,
    header varchar,
    file_ts timestamp,
    zone varchar,
    year integer,
    skew_us bigint,
    cluster varchar,
    node varchar,
    namespace varchar,
    workload varchar,
    pod varchar,
    container varchar,
    container_id varchar
);
