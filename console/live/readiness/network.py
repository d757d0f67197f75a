"""Would a NetworkPolicy be enforced? Only the network plug-in knows; what is seen of it is told."""

from __future__ import annotations

import re
from collections.abc import Iterator

from console.live.readiness.base import Check, Look, name_of
from console.live.readiness.keeping import images

MEASURE = (
    "measure it before you need it: isolate a harmless pod and see whether it can still connect;"
    " else contain on the node"
)
# Source: Kubernetes, network plug-ins that implement NetworkPolicy.
ENFORCE = re.compile(
    r"calico|canal|cilium|anetd|weave-net|antrea|kube-router|ovnkube|ovn-kubernetes|azure-npm"
    r"|network-policy-agent|romana|kube-ovn|terway-eniip"
)
NEVER = re.compile(r"flannel")
ROUTE = re.compile(r"kindnet|aws-node|amazon-vpc-cni|azure-cni|terway|multus")


def checks(look: Look) -> Iterator[Check]:
    id_, title = "policies", "the network enforces NetworkPolicies"
    found = look.objects("daemonsets.apps")
    if isinstance(found, str):
        yield Check(id_, title, "could not look", found, MEASURE)
        return
    seen: dict[str, list[str]] = {"enforce": [], "never": [], "route": []}
    for item in found:
        words = " ".join([name_of(item), *images(item)])
        for verdict, pattern in (("enforce", ENFORCE), ("never", NEVER), ("route", ROUTE)):
            if pattern.search(words):
                seen[verdict].append(name_of(item))
                break
    if seen["enforce"]:
        yield Check(id_, title, "yes", f"daemon set {', '.join(seen['enforce'])} is known to, if it"
                    " is set up so")  # fmt: skip
    elif seen["never"] and not seen["route"]:
        yield Check(id_, title, "no", f"daemon set {', '.join(seen['never'])} does not",
                    "add a plug-in that does, or plan to contain on the node")  # fmt: skip
    elif seen["route"]:
        yield Check(id_, title, "could not look",
                    f"unknown: daemon set {', '.join(seen['route'])} does in some versions",
                    MEASURE)  # fmt: skip
    elif where := look.only_here("daemonsets.apps"):
        yield Check(id_, title, "could not look", where, MEASURE)
    else:
        yield Check(id_, title, "could not look",
                    f"unknown: none of {len(found)} daemon sets is a known network plug-in",
                    MEASURE)  # fmt: skip
