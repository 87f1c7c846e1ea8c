"""Hot paths measured against a limit taken in the same run: `make bench`, `make bench QUICK=1`."""
