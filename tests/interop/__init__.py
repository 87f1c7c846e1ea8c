"""Two other implementations of SD-JWT VC hold ours to account: npm `@sd-jwt/sd-jwt-vc` and PyPI `openvc-core`."""
