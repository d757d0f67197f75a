"""Is the API server's audit log written, how much does it hold, and how long is it kept?

Source: kube-apiserver flags --audit-*; its metrics apiserver_audit_event_total and
apiserver_audit_level_total.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from console.live.readiness.base import Check, Look, api_server_flags

_METRIC = re.compile(
    r"^apiserver_audit_(event_total|level_total)(?:\{level=\"(\w+)\"\})? ([0-9.e+]+)$", re.MULTILINE
)
TURN_ON = (
    "give the API server --audit-policy-file and --audit-log-path or a webhook; of a managed"
    " cluster, turn on its audit log at the provider"
)
BODIES = (
    "log pods/exec, pods/attach, rbac and workload writes at level RequestResponse: without bodies"
    " nobody can tell what was changed to what"
)


def checks(look: Look) -> Iterator[Check]:
    flags, pod = api_server_flags(look)
    text, why = look.get_text("/metrics")
    counted: dict[str, float] = {
        (level or "all"): float(number) for _, level, number in _METRIC.findall(text)
    }
    yield _is_on(flags, pod, counted, why)
    yield _holds_bodies(counted, why)
    yield _is_kept(flags, pod)


def _is_on(flags: dict[str, str], pod: str, counted: dict[str, float], why: str) -> Check:
    id_, title = "audit", "the API server writes an audit log"
    targets = [name for name in ("audit-log-path", "audit-webhook-config-file") if name in flags]
    if targets:
        return Check(id_, title, "yes", f"{pod} has --{' and --'.join(targets)}")
    if counted.get("all"):
        return Check(id_, title, "yes", f"it counts {counted['all']:,.0f} audit events")
    if pod:
        return Check(id_, title, "no", f"{pod} has no --audit-log-path and no webhook", TURN_ON)
    if counted:
        return Check(id_, title, "no", "it counts no audit event", TURN_ON)
    return Check(id_, title, "could not look", f"no pod of an API server is seen, and {why}",
                 f"ask who runs the control plane; if it is off: {TURN_ON}")  # fmt: skip


def _holds_bodies(counted: dict[str, float], why: str) -> Check:
    id_, title = "audit-level", "the audit log holds what was sent"
    levels = {level: number for level, number in counted.items() if level != "all" and number}
    if not levels:
        return Check(id_, title, "could not look", why or "no levels are counted",
                     f"read the audit policy; {BODIES}")  # fmt: skip
    said = ", ".join(f"{level} {number:,.0f}" for level, number in sorted(levels.items()))
    if levels.get("Request") or levels.get("RequestResponse"):
        return Check(id_, title, "yes", f"events by level: {said}")
    return Check(id_, title, "no", f"events by level: {said}", BODIES)


def _is_kept(flags: dict[str, str], pod: str) -> Check:
    id_, title = "audit-kept", "the audit log is kept for long enough"
    advice = "send it off the node (webhook or a log shipper) and keep it for 90 days or more"
    if not pod:
        return Check(id_, title, "could not look", "no pod of an API server is seen", advice)
    if "audit-webhook-config-file" in flags:
        return Check(id_, title, "yes", f"{pod} sends it to a webhook; how long that keeps it is"
                     " not to be seen from here")  # fmt: skip
    if "audit-log-path" not in flags:
        return Check(id_, title, "no", f"{pod} writes none", TURN_ON)
    names = ("audit-log-maxage", "audit-log-maxbackup", "audit-log-maxsize")
    limits = ", ".join(f"--{name}={flags[name]}" for name in names if name in flags)
    days = flags.get("audit-log-maxage", "")
    if days.isdigit() and int(days) >= 30 and "audit-log-maxbackup" not in flags:
        return Check(id_, title, "yes", f"{pod} has {limits}")
    return Check(id_, title, "no", f"{pod} keeps it on its node only"
                 + (f", with {limits}" if limits else ""), advice)  # fmt: skip
