"""What the user's `config.toml` says of contexts: production, read-only, a second analyst.

```toml
readonly = false                # true removes every action
[probe]
image = "registry.example/nettools:1"   # has sh, nsenter, nc and iptables
pull = "IfNotPresent"
[contexts."prod-eu"]
production = true               # the target's name has to be typed
readonly = false
second = true                   # another analyst signs each plan
```
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from console.case.keys import config_dir
from console.errors import CaseError


@dataclass(frozen=True)
class ContextRules:
    """What holds for one context."""

    is_production: bool = False
    is_readonly: bool = False
    needs_second: bool = False


@dataclass(frozen=True)
class Config:
    """The file, or its defaults where there is none."""

    is_readonly: bool = False
    probe_image: str = "busybox:1.36"
    probe_pull: str = "IfNotPresent"
    contexts: dict[str, ContextRules] = field(default_factory=dict)

    def rules(self, context: str) -> ContextRules:
        found = self.contexts.get(context, ContextRules())
        return ContextRules(
            found.is_production, found.is_readonly or self.is_readonly, found.needs_second
        )

    def are_readonly(self, contexts: Iterable[str]) -> bool:
        """Whether none of them may be changed: then nothing is offered. Else each refuses alone."""
        return all(self.rules(name).is_readonly for name in contexts)


def load_config() -> Config:
    """Raises CaseError for a file that can't be read: a typo must not take a safeguard away.

    KUBECASE_READONLY=1 in the environment is `readonly = true`; KUBECASE_PROBE_IMAGE names the
    probe's image.
    """
    path = config_dir() / "config.toml"
    try:
        said: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        said = {}
    except (OSError, ValueError) as error:
        raise CaseError(f"the configuration can't be read: {error}", where=str(path)) from error
    try:
        contexts = {
            str(name): ContextRules(
                _truth(rules.get("production", False)),
                _truth(rules.get("readonly", False)),
                _truth(rules.get("second", False)),
            )
            for name, rules in said.get("contexts", {}).items()
        }
        probe = said.get("probe", {})
        return Config(
            _truth(said.get("readonly", False)) or os.environ.get("KUBECASE_READONLY", "") == "1",
            os.environ.get("KUBECASE_PROBE_IMAGE") or str(probe.get("image", Config.probe_image)),
            str(probe.get("pull", Config.probe_pull)),
            contexts,
        )
    except (AttributeError, TypeError, ValueError) as error:
        raise CaseError(
            f"the configuration is not as it should be: {error}", where=str(path)
        ) from error


def _truth(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{value!r} is neither true nor false")
    return value
