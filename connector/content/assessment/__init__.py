"""Assessments: drawn, answered, marked, and scored."""
