"""The Python SDK: ``baigong.connect()``."""

from baigong.client.plant import Asset, Plant, Point, connect

__all__ = ["Asset", "Plant", "Point", "connect"]
