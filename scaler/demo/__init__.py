"""`scaler demo`: the main job on an embedded cluster and an embedded queue, by the real scaler."""
