"""The running scaler, asked over its page address."""

from typing import Any

import aiohttp

#: Where a scaler on this machine, or a port that is forwarded to one, listens by default.
DEFAULT = "http://127.0.0.1:8081"


class Unreachable(Exception):
    """The running scaler does not answer, with the address and the cure."""


async def ask(url: str, path: str) -> Any:
    """What it says there as JSON; None for what it does not know. Raises Unreachable."""
    timeout = aiohttp.ClientTimeout(total=10)
    try:
        async with aiohttp.ClientSession(timeout=timeout) as session, session.get(url.rstrip("/") + path) as answer:
            if answer.status == 404:
                return None
            answer.raise_for_status()
            return await answer.json()
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        what = str(error) or type(error).__name__
        raise Unreachable(
            f"no scaler answers at {url}: {what}; --server wants the address of --page-address, in a cluster after "
            "kubectl port-forward -n scalerule-system deployment/scaler 8081"
        ) from error
