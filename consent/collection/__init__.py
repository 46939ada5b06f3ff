"""Collection points: where people are asked, and how their answer gets into the ledger."""
