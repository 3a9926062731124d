"""`scaler migrate`: what others scale by, as annotations of ours, and a note on all that has no equal."""
