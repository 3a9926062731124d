"""Where the API keeps the objects of a kind: plural name, version and group, as kubectl writes them."""

import difflib
import re
from typing import Final, NamedTuple
from urllib.parse import quote


class Resource(NamedTuple):
    """`group` is empty for core/v1."""

    name: str
    version: str = "v1"
    group: str = ""

    def __str__(self) -> str:
        """`statefulsets`, `rollouts.v1alpha1.argoproj.io`: what `parsed` and kubectl understand."""
        if self in SHORT.values():
            return self.name
        return ".".join(part for part in self if part)

    @property
    def api_version(self) -> str:
        """As in a manifest."""
        return f"{self.group}/{self.version}" if self.group else self.version

    def path(self, namespace: str | None, name: str | None = None, part: str | None = None) -> str:
        """Of all in a namespace (None: in the cluster), of one, or of a part of it such as `scale`."""
        root = f"/apis/{self.api_version}" if self.group else f"/api/{self.version}"
        parts = [root, *(("namespaces", quote(namespace, safe="")) if namespace else ()), self.name]
        parts += [quote(name, safe="")] if name else []
        return "/".join([*parts, part] if part else parts)


DEPLOYMENTS: Final = Resource("deployments", group="apps")
STATEFUL_SETS: Final = Resource("statefulsets", group="apps")
REPLICA_SETS: Final = Resource("replicasets", group="apps")
AUTOSCALERS: Final = Resource("horizontalpodautoscalers", "v2", "autoscaling")
LEASES: Final = Resource("leases", group="coordination.k8s.io")
CONFIG_MAPS: Final = Resource("configmaps")
SECRETS: Final = Resource("secrets")
EVENTS: Final = Resource("events")
PODS: Final = Resource("pods")

#: Kinds that need no version and group.
SHORT: Final = {resource.name: resource for resource in (DEPLOYMENTS, STATEFUL_SETS)}
_FULL: Final = re.compile(r"([a-z0-9]+)\.(v[0-9]+(?:(?:alpha|beta)[0-9]+)?)(?:\.([a-z0-9]+[-.a-z0-9]*[a-z0-9]))?")


def parsed(text: str) -> Resource:
    """A kind by its plural name, `statefulsets`, or whole, `rollouts.v1alpha1.argoproj.io`. Raises ValueError."""
    if text in SHORT:
        return SHORT[text]
    whole = _FULL.fullmatch(text)
    if whole is not None:
        return Resource(whole[1], whole[2], whole[3] or "")
    near = difflib.get_close_matches(text.lower(), SHORT, n=1)
    hint = f" (did you mean {near[0]}?)" if near else ""
    raise ValueError(
        f"{text!r} is no kind{hint}: write {', '.join(SHORT)} or PLURAL.VERSION.GROUP such as "
        "rollouts.v1alpha1.argoproj.io"
    )


def all_parsed(text: str) -> tuple[Resource, ...]:
    """Several kinds with commas between them. Raises ValueError."""
    kinds = [parsed(part.strip()) for part in text.split(",")]
    if len({(kind.name, kind.group) for kind in kinds}) < len(kinds):
        raise ValueError(f"{text!r} has a kind twice")
    return tuple(kinds)
