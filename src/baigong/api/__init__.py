"""HTTP and WebSocket: decode, authorise, call, encode."""

from baigong.api.app import create_app
from baigong.api.live import Live
from baigong.api.rooms import ApiSettings, DemoControl, Facts, SqlRunner

__all__ = ["ApiSettings", "DemoControl", "Facts", "Live", "SqlRunner", "create_app"]
