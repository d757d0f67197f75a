"""What a server serves, asked in the plainest way; the product's own is console/live/discovery.py."""

from __future__ import annotations

from console.live.api import ClusterApi
from console.live.inventory import Kind


def discover(api: ClusterApi) -> list[Kind]:
    roots = [("/api/v1", "", "v1")]
    for group in api.get_json("/apis")["groups"]:
        version = group["preferredVersion"]["version"]
        roots.append((f"/apis/{group['name']}/{version}", group["name"], version))
    return [
        Kind(group, version, item["name"], item["kind"], item["namespaced"], tuple(item["verbs"]))
        for root, group, version in roots
        for item in api.get_json(root)["resources"]
        if "/" not in item["name"] and {"list", "watch"} <= set(item["verbs"])
    ]
