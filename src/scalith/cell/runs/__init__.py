"""What is done with a cell: discharges, protocols, batches, spectra, sensitivities."""
