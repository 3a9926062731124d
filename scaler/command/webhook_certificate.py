"""`scaler webhook-certificate`: for clusters without cert-manager."""

from datetime import UTC, datetime

import click

from scaler.reach import HOME
from scaler.selfsigned import manifests


@click.command("webhook-certificate")
@click.option("-n", "--namespace", default=HOME, show_default=True, help="Where the scaler runs.")
@click.option("--days", type=click.IntRange(1, 36500), default=3650, show_default=True, help="How long it is valid.")
def command(namespace: str, days: int) -> None:
    """Print a certificate for the webhook, for clusters without cert-manager.

    A Secret with a new key, and the part of the ValidatingWebhookConfiguration that trusts it. Apply both with
    `kubectl apply --server-side -f -`; do it again to replace them.
    """
    click.echo(manifests(namespace, datetime.now(UTC), days), nl=False)
