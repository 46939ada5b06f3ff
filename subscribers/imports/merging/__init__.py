"""Chunks of rows into contacts, exactly once; whom a file meets, stops or leaves out."""
