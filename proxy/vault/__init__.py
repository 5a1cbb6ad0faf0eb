"""The conversation vault: stored responses, encrypted, for their own principal only, for a time."""

from proxy.vault.clerk import Clerk, Store
from proxy.vault.memory_store import MemoryStore
from proxy.vault.sqlite_store import SQLiteStore
from proxy.vault.vault import Vault

__all__ = ["Clerk", "MemoryStore", "SQLiteStore", "Store", "Vault"]
