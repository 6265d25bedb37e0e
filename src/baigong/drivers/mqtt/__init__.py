"""MQTT 3.1.1: the codec and payload reader that gateway and driver share, and the driver for foreign brokers."""
