"""The running command on a real API server with a real broker."""
