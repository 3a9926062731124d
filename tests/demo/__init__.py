"""The demo and its embedded parts."""
