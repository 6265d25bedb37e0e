"""The MQTT front door: devices connect, what they publish is stored before it is acknowledged."""

from baigong.gateway.frontdoor.door import FrontDoor
from baigong.gateway.frontdoor.options import FoundPoint, Options

__all__ = ["FoundPoint", "FrontDoor", "Options"]
