"""The scan: workers that decode and find faces, one network, a store that survives a kill, and the result."""
