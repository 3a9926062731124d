"""How the scaler itself is."""

from grafana_foundation_sdk.builders import dashboard

from dashboards.board import board, quantile
from dashboards.panel import graph, number, stairs


def scaler() -> dashboard.Dashboard:
    """How the scaler itself is."""
    return (
        board("scalerule-scaler", "Scalerule / The scaler", "Leases, punctuality, requests, memory.")
        .with_panel(
            number(
                "Shards without a leader",
                "Their rules are scaled by nobody.",
                "count(max by (shard) (scaler_leader) == 0) or vector(0)",
                red=1,
            )
        )
        .with_panel(number("Scalers", "Processes that tell of themselves.", "count(scaler_build_info)"))
        .with_panel(
            number(
                "Webhook certificate ends in",
                "Empty without a webhook.",
                "min(scaler_webhook_certificate_expiry_seconds) - time()",
                "s",
            )
        )
        .with_panel(
            stairs("Shards held", "By process.", "short", ("sum by (instance) (scaler_leader)", "{{instance}}"))
        )
        .with_panel(
            graph(
                "From due to decided",
                "The lag of the loop.",
                "s",
                (quantile("scaler_loop_lag_seconds", 0.5), "half"),
                (quantile("scaler_loop_lag_seconds", 0.99), "99 of 100"),
            )
        )
        .with_panel(
            graph(
                "From due to patched",
                "The reaction: with the API server's time.",
                "s",
                (quantile("scaler_reaction_seconds", 0.5), "half"),
                (quantile("scaler_reaction_seconds", 0.99), "99 of 100"),
            )
        )
        .with_panel(
            graph(
                "Requests to the API server",
                "By verb and resource. At rest only Leases are renewed.",
                "reqps",
                (
                    "sum by (verb, resource) (rate(scaler_kubernetes_requests_total[$__rate_interval]))",
                    "{{verb}} {{resource}}",
                ),
                stacked=True,
            )
        )
        .with_panel(
            graph(
                "Refused by the API server",
                "By code; 0 is no answer, 409 a conflict that is decided on again.",
                "reqps",
                ('sum by (code) (rate(scaler_kubernetes_requests_total{code!~"2.."}[$__rate_interval]))', "{{code}}"),
            )
        )
        .with_panel(
            graph(
                "Counts that could not be set",
                "By reason.",
                "short",
                ("sum by (reason) (increase(scaler_scale_errors_total[$__rate_interval]))", "{{reason}}"),
            )
        )
        .with_panel(
            graph(
                "Memory",
                "Resident, by process.",
                "bytes",
                ("process_resident_memory_bytes and on (instance) scaler_build_info", "{{instance}}"),
            )
        )
        .with_panel(
            graph(
                "CPU",
                "Cores, by process.",
                "short",
                (
                    "rate(process_cpu_seconds_total[$__rate_interval]) and on (instance) scaler_build_info",
                    "{{instance}}",
                ),
            )
        )
        .with_panel(
            graph(
                "Webhook reviews",
                "By outcome. Empty without a webhook.",
                "reqps",
                ("sum by (outcome) (rate(scaler_webhook_reviews_total[$__rate_interval]))", "{{outcome}}"),
            )
        )
    )
