"""What this tool asks of platforms."""
