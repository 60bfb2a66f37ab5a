"""From a specification to the discretised model and back to labelled results."""
