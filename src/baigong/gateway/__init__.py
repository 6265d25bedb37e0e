"""The way in: runs drivers and the front door, and gets what they bring to the stream."""

from baigong.gateway.service import GatewayOptions, run_gateway

__all__ = ["GatewayOptions", "run_gateway"]
