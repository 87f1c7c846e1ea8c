"""Certificates of migrants (流动人口婚育证明): applied for, issued, shown, revoked, checked."""
