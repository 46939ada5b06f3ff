"""From the bytes of a file to chunks of rows: encodings, dialects, blocks, and the process that reads large files."""
