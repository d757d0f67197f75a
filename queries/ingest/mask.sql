-- id: mask
-- title: The masked texts back into the batch
update batch
set
    fields = masked.fields, message = masked.message, cmdline = masked.cmdline,
    user_agent = masked.user_agent, object_name = masked.object_name
from masked
where batch.root = masked.root and batch.part = masked.part
