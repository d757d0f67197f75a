-- id: store_grams
-- title: The bits of runs of events into their segment, from an Arrow table
insert into grams
select first_seq, last_seq, bits::blob::bit
from made_grams
