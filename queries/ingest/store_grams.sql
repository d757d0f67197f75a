-- id: store_grams
-- title: The bits of one run of events
insert into grams
values ($1, $2, $3::blob::bit)
