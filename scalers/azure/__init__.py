"""What the broker types that log in at Azure have in common: a pod's token, and the guarded way to the network."""
