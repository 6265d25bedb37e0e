"""How the demo plant behaves: numpy over time, no state but what a day hands to the next."""
