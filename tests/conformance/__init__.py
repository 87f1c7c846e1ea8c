"""The conformance suite of the partner kit against a real node and against the example in another language."""
