"""Where Azure's clouds keep their namespaces. The names are KEDA's."""

from typing import Final

__all__ = ["CLOUDS", "PRIVATE", "suffix"]

CLOUDS: Final = {
    "AzurePublicCloud": "servicebus.windows.net",
    "AzureUSGovernmentCloud": "servicebus.usgovcloudapi.net",
    "AzureChinaCloud": "servicebus.chinacloudapi.cn",
    "AzureGermanCloud": "servicebus.cloudapi.de",
}
PRIVATE: Final = "Private"
"""A cloud of which the trigger must tell the suffix."""

_ALSO: Final = {"AzureCloud": "AzurePublicCloud", "AzureUSGovernment": "AzureUSGovernmentCloud"}
_SUFFIXES: Final = {
    **{name.lower(): host for name, host in CLOUDS.items()},
    **{name.lower(): CLOUDS[cloud] for name, cloud in _ALSO.items()},
}


def suffix(cloud: str, given: str | None) -> str | None:
    """What follows a namespace's name in its host; None for a cloud that is not known, or whose suffix is not."""
    return given if cloud.lower() == PRIVATE.lower() else _SUFFIXES.get(cloud.lower())
