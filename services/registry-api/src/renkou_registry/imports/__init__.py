"""Import of a roster (花名册导入): a resumable job with dry run, progress and a row-by-row error sheet."""
