"""Why a Deployment has the count that it has."""

from grafana_foundation_sdk.builders import dashboard

from dashboards.board import EACH, RULE, board, variable
from dashboards.panel import SOURCE, graph, stairs, states


def one_rule() -> dashboard.Dashboard:
    """Why a Deployment has the count that it has."""
    counts = f"max {EACH} (%s{{{RULE}}})"
    triggers = "max by (namespace, deployment, trigger)"
    return (
        board(
            "scalerule-rule",
            "Scalerule / One rule",
            "Readings, counts and states of a Deployment. Why: scaler explain NAMESPACE/NAME.",
        )
        .with_variable(variable("namespace", "label_values(scaler_replicas, namespace)"))
        .with_variable(variable("deployment", 'label_values(scaler_replicas{namespace=~"$namespace"}, deployment)'))
        .annotation(
            dashboard.AnnotationQuery()
            .name("Scaled")
            .enable(True)
            .icon_color("blue")
            .datasource(SOURCE)
            .expr(f"sum by (direction) (increase(scaler_scale_actions_total{{{RULE}}}[$__rate_interval])) > 0")
        )
        .with_panel(
            stairs(
                "Replicas",
                "What there is, what the last decision asks for, and the bounds of the rule.",
                "short",
                (counts % "scaler_replicas", "{{deployment}} there"),
                (counts % "scaler_desired_replicas", "{{deployment}} asked for"),
                (counts % "scaler_min_replicas", "{{deployment}} min"),
                (counts % "scaler_max_replicas", "{{deployment}} max"),
            ).span(24)
        )
        .with_panel(
            graph(
                "Readings",
                "The last good reading of each trigger: messages, or whatever its mode counts.",
                "short",
                (f"{triggers} (scaler_trigger_value{{{RULE}}})", "{{deployment}} {{trigger}}"),
            )
        )
        .with_panel(
            graph(
                "Readings for each replica there is",
                "Against the target: above it more are needed. Empty at zero replicas.",
                "short",
                (
                    f"{triggers} (scaler_trigger_value{{{RULE}}}) / on (namespace, deployment) group_left () (max {EACH} (scaler_replicas{{{RULE}}}) > 0)",
                    "{{deployment}} {{trigger}}",
                ),
                (f"{triggers} (scaler_trigger_target{{{RULE}}})", "{{deployment}} {{trigger}} target"),
            )
        )
        .with_panel(
            states(
                "States",
                "Active: a trigger has work. Ready: the rule is valid and every trigger answers.",
                *(
                    (counts % f"scaler_rule_{state}", f"{{{{deployment}}}} {state}")
                    for state in ("active", "ready", "fallback", "paused")
                ),
            )
        )
        .with_panel(
            graph(
                "Failed readings",
                "While there are any, the count is held or the fallback decides.",
                "short",
                (
                    f"sum by (deployment, trigger) (increase(scaler_trigger_errors_total{{{RULE}}}[$__rate_interval]))",
                    "{{deployment}} {{trigger}}",
                ),
            )
        )
        .with_panel(
            graph(
                "Counts that were set",
                "By direction.",
                "short",
                (
                    f"sum by (deployment, direction) (increase(scaler_scale_actions_total{{{RULE}}}[$__rate_interval]))",
                    "{{deployment}} {{direction}}",
                ),
            )
        )
    )
