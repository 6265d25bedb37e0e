"""The writing side of InfluxDB's HTTP API, so that Telegraf and its plugins feed this platform unchanged."""

from baigong.api.influx.routes import operations, standard_routes

__all__ = ["operations", "standard_routes"]
