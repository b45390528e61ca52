"""The mapping language: what a row of an HR feed becomes, as files of data checked when they are loaded.

``mappings.loader.load`` reads a company's folder; ``docs/mapping.md`` is the language on one page.
"""
