"""Proofs of identity: pure functions; their records live in the registry."""
