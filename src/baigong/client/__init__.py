"""The Python SDK: ``baigong.connect()``."""

from baigong.client.assets import Asset, Assets, AssetSet
from baigong.client.plant import Plant, connect
from baigong.client.point import Point

__all__ = ["Asset", "AssetSet", "Assets", "Plant", "Point", "connect"]
