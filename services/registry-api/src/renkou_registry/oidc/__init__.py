"""Signing in by an OpenID provider (统一身份认证): it says who somebody is, never what they may do."""
