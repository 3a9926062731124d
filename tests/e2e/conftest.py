"""The stage of a test: its namespace, its virtual host."""

from collections.abc import Callable

import pytest

from tests.cluster.access import Access
from tests.e2e.stage import Stage
from tests.rabbitmq import Vhost
from tests.running import Running

#: The fixture `scaler`: starts `scaler run` on the test's namespace.
Start = Callable[..., Running]


@pytest.fixture
def stage(cluster: Access, namespace: str, vhost: Vhost) -> Stage:
    """A namespace of the shared cluster and a virtual host of the shared broker."""
    return Stage(cluster.client, namespace, vhost)
