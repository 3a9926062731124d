"""The status page: every rule and what holds it, the last hour of one, for people who look in a browser."""
