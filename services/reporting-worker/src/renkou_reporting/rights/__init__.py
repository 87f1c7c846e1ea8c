"""Rights of staff (岗位授权): which role each account holds where, copied from what registry-api publishes."""
