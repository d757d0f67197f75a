-- id: add_source
-- title: What a segment holds of one file
insert into sources
select
    $evidence, $path, $lines, $covered, $events, $text, $bytes, $formats, $first, $last, $seconds,
    $complete, $next_offset, $held
