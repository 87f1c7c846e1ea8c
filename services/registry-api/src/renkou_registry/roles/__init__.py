"""Roles (岗位) as data: the built-in ones, a district's own, the scopes each bundles and what may not go together."""
