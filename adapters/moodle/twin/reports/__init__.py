"""Report Builder in the twin: reports that an administrator made, set up and read over web services."""
