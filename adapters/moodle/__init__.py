"""Moodle over its web services: errors, wire, client, and the port ``Moodle`` on top of them; the twin beside."""
