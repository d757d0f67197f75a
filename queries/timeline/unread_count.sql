-- id: unread_count
-- title: Parts of files that could not be read; a link holds nothing itself, nor do a capture's raw bytes
select count(*)
from unread
where reason not like 'link%: not followed' and reason not like 'raw bytes of a capture%'
