-- id: file-one
-- title: How one file of a capture differs from the image
-- what: file
-- against: image
select activity as delta
from events
where evidence = $evidence and format = 'capture_file' and file_path = $path
order by line
limit 1
