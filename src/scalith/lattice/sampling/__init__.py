"""Monte Carlo in every ensemble."""
