"""Which host answers for SQS in a region, in every partition that botocore knows."""

import functools
import re
from typing import Final
from urllib.parse import urlsplit

from botocore.exceptions import UnknownRegionError
from botocore.loaders import create_loader
from botocore.regions import EndpointResolver

__all__ = ["SHAPE", "host", "of_url"]

SHAPE: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
"""What a region's name may look like where only the endpoint knows it; it becomes a part of host names."""

_SERVICE_LABELS: Final = {"sqs", "sqs-fips", "queue"}
_OLDEST: Final = "queue.amazonaws.com"


@functools.cache
def host(region: str) -> str | None:
    """The host of SQS there; None for a region of no known partition."""
    found = _endpoints().construct_endpoint("sqs", region) if _known(region) else None
    return str(found["hostname"]) if found else None


def of_url(url: str) -> str | None:
    """The region that a queue's URL names; None where it names none."""
    name = urlsplit(url).hostname or ""
    if name == _OLDEST:
        return "us-east-1"
    labels = name.split(".")
    if not _SERVICE_LABELS.intersection(labels):
        return None
    return next((label for label in labels if _known(label)), None)


@functools.cache
def _endpoints() -> EndpointResolver:
    return EndpointResolver(create_loader().load_data("endpoints"))


def _known(region: str) -> bool:
    try:
        return bool(_endpoints().get_partition_for_region(region))
    except UnknownRegionError:
        return False
