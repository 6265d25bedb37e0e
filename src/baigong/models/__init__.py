"""Describing assets in words that others read: the Asset Administration Shell."""
