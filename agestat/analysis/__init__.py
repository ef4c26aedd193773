"""Analysis: from scans to numbers; groups, estimates, own labels, comparison."""
