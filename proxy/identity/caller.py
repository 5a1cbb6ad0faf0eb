"""A caller as the files of identity list it, however it proves who it is."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from proxy.exchange import Principal

Name = Annotated[str, Field(min_length=1, max_length=200)]


class CallerRecord(BaseModel):
    """Who somebody is; `id` is what records and policy's scopes call it.

    `asserts` are the labels that it attests, where others only declare them.
    """

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    id: Name
    tenant: Name = "default"
    team: Name
    app: Name
    user: str = ""
    roles: Annotated[tuple[Name, ...], Field(strict=False)] = ()
    asserts: Annotated[tuple[Name, ...], Field(strict=False)] = ()

    def principal(self) -> Principal:
        """Who requests of this caller are from."""
        return Principal(
            self.tenant,
            self.team,
            self.app,
            self.user,
            frozenset(self.roles),
            key_id=self.id,
            asserts=frozenset(self.asserts),
        )
