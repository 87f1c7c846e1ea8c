"""Load as front ends make it: clerks who send again what got no answer, and remember what was acknowledged."""
