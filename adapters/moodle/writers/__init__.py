"""How Moodle is written to: by core's plain functions, or by our plugin."""
