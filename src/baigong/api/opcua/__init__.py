"""Our assets as an OPC UA server, for SCADA systems to browse, read, subscribe to, and ask for history."""

from baigong.api.opcua.feed import Feed
from baigong.api.opcua.server import OpcUaServer, OpcUaSettings
from baigong.api.opcua.trust import Clients

__all__ = ["Clients", "Feed", "OpcUaServer", "OpcUaSettings"]
