"""Any kind that has no columns of its own: name, what its status says, age."""

from __future__ import annotations

from console.live.cells import State, columns
from console.live.doc import Doc, items, text
from console.live.kinds.base import age, name, of_doc


def status_of(doc: Doc) -> str:
    """A phase or state, else the conditions that hold, else `!Type:Reason` of those that don't."""
    for key in ("phase", "state"):
        if found := text(doc, "status", key):
            return found
    words = []
    for item in items(doc, "status", "conditions"):
        kind, status, reason = text(item, "type"), text(item, "status"), text(item, "reason")
        if status == "True":
            words.append(kind)
        elif status:
            words.append(f"!{kind}" + (f":{reason}" if reason else ""))
    return ",".join(words) or "<none>"


def state_of(doc: Doc) -> State:
    if text(doc, "metadata", "deletionTimestamp"):
        return "pending"
    ready = [
        c for c in items(doc, "status", "conditions") if c.get("type") in ("Ready", "Available")
    ]
    return "" if not ready else "ok" if ready[0].get("status") == "True" else "bad"


OTHER = of_doc(
    columns("NAME STATUS AGE>"), lambda doc: (name(doc), status_of(doc), age(doc)), state_of
)
