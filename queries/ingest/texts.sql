-- id: texts
-- title: The texts of a batch that a search of words looks at
select root, message, fields
from batch
