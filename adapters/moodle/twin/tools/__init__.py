"""The twin as an LTI 1.3 platform, as Moodle's ``mod_lti`` is one: external tools, launches, and their services."""
