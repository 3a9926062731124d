"""The stage of a test: its namespace, its virtual host."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest
import yaml

from tests.cluster.access import Access
from tests.cluster.control_plane import ControlPlane
from tests.e2e.stage import Stage
from tests.rabbitmq import Vhost
from tests.running import Running

STATEFUL_RIGHTS: Final = Path(__file__).parents[2] / "manifests" / "components" / "statefulsets" / "rbac.yaml"

#: The fixture `scaler`: starts `scaler run` on the test's namespace.
Start = Callable[..., Running]


@pytest.fixture
def stage(cluster: Access, namespace: str, vhost: Vhost) -> Stage:
    """A namespace of the shared cluster and a virtual host of the shared broker."""
    return Stage(cluster.client, namespace, vhost)


@pytest.fixture
def crowd_namespace(private_cluster: ControlPlane) -> str:
    """Of a private cluster, for hundreds of Deployments, each a count and nothing more.

    The controllers of the shared cluster would be busy with them for half a minute, and other tests wait for those.
    """
    name = private_cluster.client.create_namespace()
    private_cluster.stop_controllers()
    return name


@pytest.fixture
def stateful_rights(cluster: Access, namespace: str) -> None:
    """What the component gives the scaler, in this namespace alone: other tests share cluster and account."""
    role, _ = yaml.safe_load_all(STATEFUL_RIGHTS.read_text())
    cluster.kubectl("apply", "-f", "-", input=yaml.safe_dump(role))
    name = role["metadata"]["name"]
    account = "--serviceaccount=scalerule-system:scaler"
    cluster.kubectl("create", "rolebinding", name, "-n", namespace, f"--clusterrole={name}", account)
