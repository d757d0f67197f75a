-- id: stored_texts
-- title: The texts of some events of a segment
select seq, message, fields, also
from events
where seq between $first and $last
