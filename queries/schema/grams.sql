-- id: grams
-- title: Which short pieces of text a run of events may hold; a search leaves the others out
create table grams (
    -- rows of `events` by their `seq`, both ends included; runs may overlap
    first_seq ubigint,
    last_seq ubigint,
    -- one bit per hash of a piece of message or fields (console/case/grams.py)
    bits bit
);
