"""Rights of staff (岗位授权): this service's copy of what registry-api publishes."""
