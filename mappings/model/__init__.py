"""What may stand in the files: shapes, names and values."""
