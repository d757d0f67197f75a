-- id: marks
-- title: What the journals say of events; small, in memory, replaced when a journal grows
create table if not exists case_tags (
    evidence varchar, path varchar, line ubigint, part uinteger, tag varchar
);
create table if not exists case_notes (
    evidence varchar, path varchar, line ubigint, part uinteger, text varchar
);
