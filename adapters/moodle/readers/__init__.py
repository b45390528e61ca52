"""Two ways of reading Moodle, each a ``Reader`` of ``connector.domain.reading``: plain functions, and reports."""
