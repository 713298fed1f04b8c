"""Drafts communities of 区域终身学习发展共同体 from a list of approved sites, with a proof of how good it is."""
