"""What makes pods: deployments and the like, with what their pods are made of."""

from __future__ import annotations

import msgspec

from console.live.cells import Cell, Span, State, Value, columns, moment, pairs, share
from console.live.doc import Doc, dig, items, mapping, number, strings, text
from console.live.kinds.base import (
    Facts,
    KindTable,
    age,
    container_names,
    images,
    is_true,
    name,
    of_doc,
    ready_state,
)
from console.live.podrisk import spec_risks, template_of

_TEMPLATE = ("spec", "template", "spec")


def _selector(doc: Doc) -> str | None:
    return pairs(strings(doc, "spec", "selector", "matchLabels"))


def _deployment(doc: Doc) -> tuple[Value, ...]:
    return (
        name(doc),
        share(number(doc, "status", "readyReplicas"), number(doc, "spec", "replicas", default=1)),
        number(doc, "status", "updatedReplicas"),
        number(doc, "status", "availableReplicas"),
        age(doc),
        images(doc, *_TEMPLATE),
        text(doc, "metadata", "annotations", "deployment.kubernetes.io/revision") or None,
        container_names(doc, *_TEMPLATE),
        _selector(doc),
    )


def _replica_set(doc: Doc) -> tuple[Value, ...]:
    owner = next(iter(items(doc, "metadata", "ownerReferences")), {})
    return (
        name(doc),
        number(doc, "spec", "replicas", default=1),
        number(doc, "status", "replicas"),
        number(doc, "status", "readyReplicas"),
        age(doc),
        images(doc, *_TEMPLATE),
        text(doc, "metadata", "annotations", "deployment.kubernetes.io/revision") or None,
        f"{text(owner, 'kind')}/{text(owner, 'name')}" if owner else None,
        _selector(doc),
    )


def _stateful_set(doc: Doc) -> tuple[Value, ...]:
    return (
        name(doc),
        share(number(doc, "status", "readyReplicas"), number(doc, "spec", "replicas", default=1)),
        age(doc),
        images(doc, *_TEMPLATE),
        text(doc, "spec", "serviceName") or None,
        container_names(doc, *_TEMPLATE),
    )


def _daemon_set(doc: Doc) -> tuple[Value, ...]:
    return (
        name(doc),
        number(doc, "status", "desiredNumberScheduled"),
        number(doc, "status", "currentNumberScheduled"),
        number(doc, "status", "numberReady"),
        number(doc, "status", "updatedNumberScheduled"),
        number(doc, "status", "numberAvailable"),
        pairs(strings(doc, *_TEMPLATE, "nodeSelector")),
        age(doc),
        images(doc, *_TEMPLATE),
        container_names(doc, *_TEMPLATE),
        _selector(doc),
    )


def _job(doc: Doc) -> tuple[Value, ...]:
    started = moment(text(doc, "status", "startTime"))
    ended = moment(text(doc, "status", "completionTime"))
    wanted = dig(doc, "spec", "completions")
    done = number(doc, "status", "succeeded")
    parallel = number(doc, "spec", "parallelism", default=1)
    if isinstance(wanted, int):
        completions = share(done, wanted)
    else:
        completions = Cell(f"{done}/1" + (f" of {parallel}" if parallel > 1 else ""), float(done))
    failed = number(doc, "status", "failed")
    status = "Complete" if is_true(doc, "Complete") else "Failed" if is_true(doc, "Failed") else ""
    if not status:
        status = "Suspended" if dig(doc, "spec", "suspend") is True else "Running"
    return (
        name(doc), status, completions, Span(started, ended) if started else None, failed,
        age(doc), images(doc, *_TEMPLATE), container_names(doc, *_TEMPLATE),
    )  # fmt: skip


def _job_state(doc: Doc) -> State:
    if is_true(doc, "Complete"):
        return "done"
    return "bad" if is_true(doc, "Failed") else "pending"


def _cron_job(doc: Doc) -> tuple[Value, ...]:
    path = ("spec", "jobTemplate", *_TEMPLATE)
    return (
        name(doc),
        text(doc, "spec", "schedule"),
        "True" if dig(doc, "spec", "suspend") is True else "False",
        len(items(doc, "status", "active")),
        moment(text(doc, "status", "lastScheduleTime")),
        age(doc),
        images(doc, *path),
        text(doc, "spec", "timeZone") or None,
        container_names(doc, *path),
    )


def _autoscaler(doc: Doc) -> tuple[Value, ...]:
    target = mapping(doc, "spec", "scaleTargetRef")
    return (
        name(doc),
        f"{text(target, 'kind')}/{text(target, 'name')}",
        number(doc, "spec", "minReplicas", default=1),
        number(doc, "spec", "maxReplicas"),
        number(doc, "status", "currentReplicas"),
        age(doc),
    )


def _budget(doc: Doc) -> tuple[Value, ...]:
    return (
        name(doc),
        text(doc, "spec", "minAvailable") or "N/A",
        text(doc, "spec", "maxUnavailable") or "N/A",
        number(doc, "status", "disruptionsAllowed"),
        age(doc),
    )


def _replicas(doc: Doc) -> State:
    return ready_state(
        number(doc, "status", "readyReplicas"), number(doc, "spec", "replicas", default=1)
    )


def _daemons(doc: Doc) -> State:
    return ready_state(
        number(doc, "status", "numberReady"), number(doc, "status", "desiredNumberScheduled")
    )


def _risky(table: KindTable) -> KindTable:
    """With what the template's pods will be at risk of, as the last column of the narrow ones."""
    at = sum(not column.is_wide for column in table.columns)

    def facts(raw: bytes) -> Facts:
        plain = table.facts(raw)
        found = template_of(raw)
        if found is None:
            return plain
        spec, annotations = found
        return msgspec.structs.replace(
            plain,
            risks=tuple(spec_risks(spec, annotations)),
            account="" if spec.automountServiceAccountToken is False else spec.service_account,
        )

    return KindTable((*table.columns[:at], *columns("RISK"), *table.columns[at:]), facts)


TABLES = {
    "deployments.apps": _risky(of_doc(
        columns("NAME READY UP-TO-DATE> AVAILABLE> AGE> IMAGES +REVISION +CONTAINERS +SELECTOR"),
        _deployment, _replicas,
    )),
    "replicasets.apps": _risky(of_doc(
        columns("NAME DESIRED> CURRENT> READY> AGE> IMAGES +REVISION +OWNER +SELECTOR"),
        _replica_set, _replicas,
    )),
    "replicationcontrollers": _risky(of_doc(
        columns("NAME DESIRED> CURRENT> READY> AGE> IMAGES +REVISION +OWNER +SELECTOR"),
        _replica_set, _replicas,
    )),
    "statefulsets.apps": _risky(of_doc(
        columns("NAME READY AGE> IMAGES +SERVICE +CONTAINERS"), _stateful_set, _replicas
    )),
    "daemonsets.apps": _risky(of_doc(
        columns(
            "NAME DESIRED> CURRENT> READY> UP-TO-DATE> AVAILABLE> NODE_SELECTOR AGE> IMAGES"
            " +CONTAINERS +SELECTOR"
        ),
        _daemon_set, _daemons,
    )),
    "jobs.batch": _risky(of_doc(
        columns("NAME STATUS COMPLETIONS DURATION> FAILED> AGE> IMAGES +CONTAINERS"),
        _job, _job_state,
    )),
    "cronjobs.batch": _risky(of_doc(
        columns(
            "NAME SCHEDULE SUSPEND ACTIVE> LAST_SCHEDULE> AGE> IMAGES +TIMEZONE +CONTAINERS"
        ),
        _cron_job,
    )),
    "horizontalpodautoscalers.autoscaling": of_doc(
        columns("NAME REFERENCE MINPODS> MAXPODS> REPLICAS> AGE>"), _autoscaler
    ),
    "poddisruptionbudgets.policy": of_doc(
        columns("NAME MIN_AVAILABLE MAX_UNAVAILABLE ALLOWED_DISRUPTIONS> AGE>"), _budget
    ),
}  # fmt: skip
