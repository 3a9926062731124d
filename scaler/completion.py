"""What a shell needs to complete the command: a script of click's, and the names of the rules that there are."""

import asyncio
import contextlib
import logging
from typing import Final

import click
from click.shell_completion import get_completion_class

from scaler.overview import overview
from scaler.reach import Way

#: Seconds that somebody who presses a key waits.
_PATIENCE: Final = 3.0
#: How each shell is told for ever.
_INSTALL: Final = {
    "bash": "echo 'source <(scaler completion bash)' >> ~/.bashrc",
    "zsh": 'scaler completion zsh > "${fpath[1]}/_scaler"',
    "fish": "scaler completion fish > ~/.config/fish/completions/scaler.fish",
}


def script(shell: str, command: click.Command) -> str:
    """The script for a shell; its last line says where it belongs."""
    kind = get_completion_class(shell)
    assert kind is not None
    return f"{kind(command, {}, 'scaler', '_SCALER_COMPLETE').source()}\n# To have it always: {_INSTALL[shell]}\n"


def rules(way: Way, namespace: str | None, incomplete: str) -> list[str]:
    """The rules whose names begin so, as one writes them; none where nobody answers in time.

    Nothing is ever said: somebody is in the middle of a line.
    """
    logging.disable()
    names = list[str]()
    with contextlib.suppress(Exception):
        names = asyncio.run(_names(way, namespace))
    return [name for name in names if name.startswith(incomplete)]


async def _names(way: Way, namespace: str | None) -> list[str]:
    async with asyncio.timeout(_PATIENCE), way.opened() as (scalers, kube):
        found = await overview(scalers, kube, namespace)
        return [row["name"] if namespace else f"{row['namespace']}/{row['name']}" for row in found.rows]
