"""Deletion on request (应申请删除): what goes, what a law has kept, and the job that carries it out."""
