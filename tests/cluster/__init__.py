"""A real Kubernetes control plane on loopback, so that the tests meet the API server's own words and races."""
