-- id: schema
-- title: What a reader of one case keeps while it is open: light rows, the bodies stay in `events`

-- When each evidence file of a dump was written, as its file system or archive says.
create temp table if not exists dumps (evidence varchar, written timestamp);

-- One row per thing that happened to one object, in the order of an object's time.
create temp table if not exists steps (
    -- a Kind.key; the rows of a kind are made when it is first asked for
    kind varchar,
    -- ascending with the time of an object, unique in its kind
    step bigint,
    cluster varchar,
    namespace varchar,
    name varchar,
    -- counts the objects that had this name one after the other
    life bigint,
    uid varchar,
    -- resourceVersion of the body, where there is one
    version varchar,
    ts timestamp,
    -- watch, list, dump, audit
    origin varchar,
    -- create, write, seen, ask (to delete), end, maybe (deleted)
    effect varchar,
    verb varchar,
    subresource varchar,
    who varchar,
    agent varchar,
    -- full, patch, status, scale, binding, ephemeral; null where the content is not known
    body_kind varchar,
    -- where in `fields` of the event at body_at it stands: response, request, object, whole, gcp_…
    body varchar,
    body_at struct(evidence varchar, path varchar, line ubigint, part uinteger),
    created timestamp,
    grace_s bigint,
    has_finalizers boolean,
    note varchar,
    -- something of its content was known before
    is_known boolean,
    -- the event that is cited
    evidence varchar,
    path varchar,
    line ubigint,
    part uinteger
);

-- The kinds that are loaded next: under which values of `object_kind` and API groups they stand.
create temp table if not exists wanted (
    kind varchar, kind_name varchar, is_namespaced boolean, names varchar[], groups varchar[]
);
