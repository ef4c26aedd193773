"""Scanning: decoders that find faces, one network, and a store that survives a kill."""
