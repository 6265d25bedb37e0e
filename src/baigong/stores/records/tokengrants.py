"""Which grants let the maker of a token make it for another company: when one of them ends, the token does."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from baigong.stores.records.tables import metadata, tokens

token_grants = sa.Table(
    "token_grants",
    metadata,
    sa.Column("token", sa.Text, sa.ForeignKey("tokens.token", ondelete="CASCADE"), nullable=False),
    sa.Column("grant_id", sa.Text, nullable=False),
    sa.PrimaryKeyConstraint("token", "grant_id"),
)


def add_token_grants(connection: sa.Connection, token: str, grants: Iterable[str]) -> None:
    for grant in grants:
        connection.execute(token_grants.insert().values(token=token, grant_id=grant))


def drop_tokens_under(connection: sa.Connection, grant: str) -> None:
    """Delete the tokens that were made with this grant."""
    made = sa.select(token_grants.c.token).where(token_grants.c.grant_id == grant)
    connection.execute(tokens.delete().where(tokens.c.token.in_(made)))


def tokens_under(connection: sa.Connection) -> list[tuple[str, str]]:
    """Return (grant, token) of all."""
    return [(row.grant_id, row.token) for row in connection.execute(sa.select(token_grants))]
