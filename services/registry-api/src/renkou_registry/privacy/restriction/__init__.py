"""Restriction of processing (限制处理): what is kept by law is stored and protected, and used for nothing else."""
