"""How the brokers answer."""

from grafana_foundation_sdk.builders import dashboard

from dashboards.board import board, quantile
from dashboards.panel import graph


def brokers() -> dashboard.Dashboard:
    """How the brokers answer."""
    return (
        board("scalerule-brokers", "Scalerule / Brokers", "Reads and connections by type of broker.")
        .with_panel(
            graph(
                "Reads",
                "One read asks for all queues of a connection.",
                "reqps",
                ("sum by (type, outcome) (rate(scaler_source_reads_total[$__rate_interval]))", "{{type}} {{outcome}}"),
            )
        )
        .with_panel(
            graph(
                "Reads that failed",
                "The share of all.",
                "percentunit",
                (
                    'sum by (type) (rate(scaler_source_reads_total{outcome="error"}[$__rate_interval])) / sum by (type) (rate(scaler_source_reads_total[$__rate_interval]))',
                    "{{type}}",
                ),
            )
        )
        .with_panel(
            graph(
                "Time of a read, half of them",
                "Half of the reads are quicker.",
                "s",
                (quantile("scaler_source_read_seconds", 0.5, "type"), "{{type}}"),
            )
        )
        .with_panel(
            graph(
                "Time of a read, 99 of 100",
                "After --read-timeout (5 s) a read is an error.",
                "s",
                (quantile("scaler_source_read_seconds", 0.99, "type"), "{{type}}"),
            )
        )
        .with_panel(
            graph(
                "Connections",
                "Open now. One per broker and login over AMQP.",
                "short",
                ("sum by (type) (scaler_source_connections)", "{{type}}"),
            )
        )
        .with_panel(
            graph(
                "Triggers that fail",
                "With a failed reading in the last quarter of an hour.",
                "short",
                (
                    "count by (type) (sum by (namespace, deployment, trigger, type) (increase(scaler_trigger_errors_total[15m])) > 0)",
                    "{{type}}",
                ),
            )
        )
    )
