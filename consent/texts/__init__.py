"""The words people were shown (notices, purposes, forms): what is noted of each version, and whether it still holds."""
