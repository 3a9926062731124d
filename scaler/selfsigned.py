"""A certificate for the webhook where no cert-manager makes one: signed by itself, trusted by the API server alone."""

import base64
from datetime import datetime, timedelta
from typing import Any, Final

import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

#: As manifests/components/webhook names them.
SERVICE: Final = "scaler-webhook"
CONFIGURATION: Final = "scalerule"
WEBHOOK: Final = "rules.scalerule.dev"

_CLOCKS: Final = timedelta(hours=1)


def manifests(namespace: str, now: datetime, days: int) -> str:
    """A Secret with the pair, and the part of the ValidatingWebhookConfiguration that trusts it, for a server-side
    apply.
    """
    host = f"{SERVICE}.{namespace}.svc"
    certificate, key = _pair(host, now, timedelta(days=days))
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": SERVICE, "namespace": namespace},
        "type": "kubernetes.io/tls",
        "data": {"tls.crt": _encoded(certificate), "tls.key": _encoded(key)},
    }
    trust: dict[str, Any] = {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": CONFIGURATION},
        "webhooks": [{"name": WEBHOOK, "clientConfig": {"caBundle": _encoded(certificate)}}],
    }
    return yaml.safe_dump_all([secret, trust], sort_keys=False)


def _pair(host: str, now: datetime, lifetime: timedelta) -> tuple[bytes, bytes]:
    """A certificate and its key, PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, SERVICE)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCKS)
        .not_valid_after(now + lifetime)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    form = serialization.Encoding.PEM
    plain = serialization.NoEncryption()
    return certificate.public_bytes(form), key.private_bytes(form, serialization.PrivateFormat.PKCS8, plain)


def _encoded(pem: bytes) -> str:
    return base64.b64encode(pem).decode()
