"""The sections of the report, one file each; `all_sections` lists them in the order of the page."""
