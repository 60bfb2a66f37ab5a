"""The wiring: one short module a scale, each function a few lines that call the scale's library."""
