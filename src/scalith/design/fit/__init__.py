"""Parameters of a cell fitted to measurements, what these cannot say, what to measure or compute next."""
