"""NodeSets of OPC UA (OPC 10000-6, annex F) as asset types, pure: the bytes of files in, types as text out."""

from baigong.models.nodesets.making import Maker
from baigong.models.nodesets.reading import CORE, Document, models_of, read_nodeset
from baigong.models.nodesets.space import Space

__all__ = ["CORE", "Document", "Maker", "Space", "models_of", "read_nodeset"]
