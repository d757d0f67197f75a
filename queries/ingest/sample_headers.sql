-- id: sample_headers
-- title: The line that names the columns of each file of a chunk
select distinct header, path
from files
where file in (select distinct file from raw)
