"""A power cut by simulation: what the server wrote is recorded, and the disks that a cut may leave are made and read."""
