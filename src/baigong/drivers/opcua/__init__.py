"""OPC UA client driver: browse, bulk read, subscribe, HistoryRead."""
