"""Undo: what an import created and nobody touched goes, what it overwrote comes back, what it claimed is reverted."""
