"""Images of labelled voxels and their files."""
