"""What is scaled, and what is not as it should be."""

from grafana_foundation_sdk.builders import dashboard

from dashboards.board import EACH, board, quantile, state
from dashboards.panel import graph, number, stairs


def overview() -> dashboard.Dashboard:
    """What is scaled, and what is not as it should be."""
    return (
        board("scalerule-overview", "Scalerule / Overview", "All rules: how they are, what they ask for, what changes.")
        .with_panel(number("Ready", "Rules of which every trigger answers.", state("ready")))
        .with_panel(
            number(
                "Failing", "Rules with a trigger that cannot be read. Their counts are held.", state("failing"), red=1
            )
        )
        .with_panel(number("Invalid", "Rules with a mistake. Their counts are held.", state("invalid"), red=1))
        .with_panel(number("Paused", "Rules that an annotation holds.", state("paused")))
        .with_panel(
            number(
                "In fallback",
                "Rules scaled by a count that stands in for a broker.",
                f"sum(max {EACH} (scaler_rule_fallback)) or vector(0)",
                red=1,
            )
        )
        .with_panel(
            number(
                "At the maximum",
                "Active rules that would need more than maxReplicaCount.",
                f"count(max {EACH} (scaler_desired_replicas) >= max {EACH} (scaler_max_replicas) and max {EACH} (scaler_rule_active) == 1) or vector(0)",
                red=1,
            )
        )
        .with_panel(
            graph(
                "Rules by state",
                "Ready, failing, paused, invalid.",
                "short",
                ("sum by (state) (scaler_rules)", "{{state}}"),
                stacked=True,
            )
        )
        .with_panel(
            stairs(
                "Replicas of all rules",
                "What there is, and what the last decisions ask for. A gap that stays is a count that cannot be set.",
                "short",
                (f"sum(max {EACH} (scaler_replicas))", "there"),
                (f"sum(max {EACH} (scaler_desired_replicas))", "asked for"),
            )
        )
        .with_panel(
            graph(
                "Scaled now",
                "Counts that were set.",
                "ops",
                ("sum by (direction) (rate(scaler_scale_actions_total[$__rate_interval]))", "{{direction}}"),
            )
        )
        .with_panel(
            graph(
                "Active rules",
                "Rules with work, by namespace.",
                "short",
                (f"sum by (namespace) (max {EACH} (scaler_rule_active))", "{{namespace}}"),
                stacked=True,
            )
        )
        .with_panel(
            graph(
                "Failed readings",
                "The twenty triggers with the most in the last quarter of an hour.",
                "short",
                (
                    "topk(20, sum by (namespace, deployment, trigger) (increase(scaler_trigger_errors_total[15m])) > 0)",
                    "{{namespace}}/{{deployment}} {{trigger}}",
                ),
            )
        )
        .with_panel(
            graph(
                "Brokers: time of a read",
                "99 of 100 reads are quicker.",
                "s",
                (quantile("scaler_source_read_seconds", 0.99, "type"), "{{type}}"),
            )
        )
    )
