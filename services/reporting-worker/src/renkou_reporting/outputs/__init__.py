"""Tables of figures as files: CSV, SDMX-CSV, the office's .xlsx, a page to print, charts."""
