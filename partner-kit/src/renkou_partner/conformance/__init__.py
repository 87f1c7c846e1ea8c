"""The conformance suite: drives any implementation of the exchange over a hub of its own and reports.

python -m renkou_partner.conformance --driver "node driver.mjs" --out build/conformance/example
"""
