"""Synthetic rosters of residents: made-up people in real communities. Imports no service."""
