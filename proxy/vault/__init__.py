"""The conversation vault: stored responses, encrypted, for their own principal only, for a time."""

from proxy.vault.memory_store import MemoryStore
from proxy.vault.sqlite_store import SQLiteStore
from proxy.vault.vault import Store, Vault

__all__ = ["MemoryStore", "SQLiteStore", "Store", "Vault"]
