"""The performance table: ours beside the physical limit, measured in one run on the same server."""
