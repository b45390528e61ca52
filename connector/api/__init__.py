"""What the API means: what may be asked, and what is answered. Without input or output."""
