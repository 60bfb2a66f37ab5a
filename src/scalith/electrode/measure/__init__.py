"""What an image has: areas, lines, sizes, connected parts."""
