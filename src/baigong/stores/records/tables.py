"""What the records hold, as SQLAlchemy Core tables that SQLite and PostgreSQL both understand.

Times are microseconds since the epoch (UTC) in 64-bit integers; structured values are JSON text.
"""

from __future__ import annotations

import sqlalchemy as sa

metadata = sa.MetaData()
_COUNTED = sa.BigInteger().with_variant(sa.Integer, "sqlite")  # SQLite counts only INTEGER primary keys


def _tenant() -> sa.Column[str]:
    return sa.Column("tenant", sa.Text, sa.ForeignKey("tenants.tenant"), nullable=False)


tenants = sa.Table(
    "tenants",
    metadata,
    sa.Column("tenant", sa.Text, primary_key=True),
    sa.Column("title", sa.Text, nullable=False, default=""),
    sa.Column("created_us", sa.BigInteger, nullable=False),
)

people = sa.Table(
    "people",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    _tenant(),
    sa.Column("password_hash", sa.Text, nullable=False),
    sa.Column("must_set_password", sa.Boolean, nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("language", sa.Text, nullable=False),
    sa.Column("created_us", sa.BigInteger, nullable=False),
    sa.Index("people_by_tenant", "tenant", "name"),
)

sessions = sa.Table(
    "sessions",
    metadata,
    sa.Column("digest", sa.Text, primary_key=True),  # SHA-256 of the cookie; the cookie itself is nowhere
    sa.Column("person", sa.Text, sa.ForeignKey("people.name", ondelete="CASCADE"), nullable=False),
    sa.Column("created_us", sa.BigInteger, nullable=False),
    sa.Column("expires_us", sa.BigInteger, nullable=False),
    sa.Index("sessions_by_person", "person"),
    sa.Index("sessions_by_end", "expires_us"),
)

tokens = sa.Table(
    "tokens",
    metadata,
    sa.Column("token", sa.Text, primary_key=True),  # a public name; what grants access is known by its digest only
    _tenant(),
    sa.Column("person", sa.Text, sa.ForeignKey("people.name", ondelete="CASCADE"), nullable=True),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("digest", sa.Text, nullable=False, unique=True),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("created_us", sa.BigInteger, nullable=False),
    sa.Index("tokens_by_tenant", "tenant", "created_us"),
)

token_ends = sa.Table(
    "token_ends",
    metadata,
    sa.Column("token", sa.Text, sa.ForeignKey("tokens.token", ondelete="CASCADE"), primary_key=True),
    sa.Column("expires_us", sa.BigInteger, nullable=False),
)

devices = sa.Table(
    "devices",
    metadata,
    _tenant(),
    sa.Column("device", sa.Text, nullable=False),
    sa.Column("spec", sa.Text, nullable=False),
    sa.Column("revision", sa.BigInteger, nullable=False),
    sa.Column("file_digest", sa.Text, nullable=False),  # SHA-256 of the YAML file that says the same
    sa.Column("changed_us", sa.BigInteger, nullable=False),
    sa.Column("changed_by", sa.Text, nullable=False),
    sa.PrimaryKeyConstraint("tenant", "device"),
)

points = sa.Table(
    "points",
    metadata,
    _tenant(),
    sa.Column("number", sa.BigInteger, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("asset", sa.Text, nullable=False),
    sa.Column("quantity", sa.Text, nullable=False),
    sa.Column("device", sa.Text, nullable=False),
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("unit", sa.Text, nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("spec", sa.Text, nullable=False),
    sa.Column("first_device", sa.Text, nullable=False),  # the source that gave the number
    sa.Column("first_address", sa.Text, nullable=False),
    sa.Column("discovered", sa.Boolean, nullable=False),  # by sniffing or ingest; in no device file
    sa.Column("created_us", sa.BigInteger, nullable=False),
    sa.Column("retired_us", sa.BigInteger, nullable=True),
    sa.PrimaryKeyConstraint("tenant", "number"),
    sa.UniqueConstraint("tenant", "name"),
    sa.Index("points_by_device", "tenant", "device"),
)

events = sa.Table(
    "events",
    metadata,
    sa.Column("id", _COUNTED, primary_key=True, autoincrement=True),
    sa.Column("tenant", sa.Text, nullable=False),
    sa.Column("time_us", sa.BigInteger, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("detail", sa.Text, nullable=False),
    sa.Index("events_by_subject", "tenant", "subject", "time_us"),
    sa.Index("events_by_time", "tenant", "time_us"),
)

episodes = sa.Table(
    "episodes",
    metadata,
    _tenant(),
    sa.Column("id", sa.Text, nullable=False),
    sa.Column("asset", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("start_us", sa.BigInteger, nullable=False),
    sa.Column("end_us", sa.BigInteger, nullable=True),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("title_zh", sa.Text, nullable=False),
    sa.Column("parent", sa.Text, nullable=True),
    sa.Column("attributes", sa.Text, nullable=False),
    sa.Column("simulated", sa.Boolean, nullable=False),
    sa.Column("seen_us", sa.BigInteger, nullable=False),
    sa.PrimaryKeyConstraint("tenant", "id"),
    sa.Index("episodes_by_asset", "tenant", "asset", "start_us"),
)

settings = sa.Table(
    "settings",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)

credentials = sa.Table(
    "credentials",
    metadata,
    sa.Column("username", sa.Text, primary_key=True),  # one name space: the user name finds the tenant
    _tenant(),
    sa.Column("device", sa.Text, nullable=False),
    sa.Column("proof", sa.Text, nullable=False),
    sa.Column("created_us", sa.BigInteger, nullable=False),
    sa.Index("credentials_by_device", "tenant", "device"),
)

credential_uses = sa.Table(
    "credential_uses",
    metadata,
    sa.Column("username", sa.Text, sa.ForeignKey("credentials.username", ondelete="CASCADE"), primary_key=True),
    sa.Column("used_us", sa.BigInteger, nullable=False),  # when a machine last signed in with it
)

audit_entries = sa.Table(
    "audit_entries",
    metadata,
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),  # from 0, without a gap
    sa.Column("time_us", sa.BigInteger, nullable=False),
    sa.Column("tenant", sa.Text, nullable=False),
    sa.Column("who", sa.Text, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("object", sa.Text, nullable=False),
    sa.Column("allowed", sa.Boolean, nullable=False),
    sa.Column("entry", sa.Text, nullable=False),  # its exact bytes; the columns above are for finding it
    sa.Column("leaf", sa.LargeBinary, nullable=False),
    sa.Index("audit_by_time", "tenant", "time_us"),
    sa.Index("audit_by_who", "tenant", "who", "seq"),
)

audit_nodes = sa.Table(
    "audit_nodes",
    metadata,
    sa.Column("level", sa.Integer, nullable=False),
    sa.Column("number", sa.BigInteger, nullable=False),
    sa.Column("hash", sa.LargeBinary, nullable=False),  # over the entries from number * 2**level on
    sa.PrimaryKeyConstraint("level", "number"),
)

grants = sa.Table(
    "grants",
    metadata,
    sa.Column("grant", sa.Text, primary_key=True),
    _tenant(),  # whose objects it opens, and who may revoke it
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("text", sa.Text, nullable=False),  # Cedar
    sa.Column("data_from_us", sa.BigInteger, nullable=True),  # values older than this stay closed
    sa.Column("data_until_us", sa.BigInteger, nullable=True),
    sa.Column("made_by", sa.Text, nullable=False),
    sa.Column("made_us", sa.BigInteger, nullable=False),
    sa.Column("revoked_us", sa.BigInteger, nullable=True),
    sa.Column("revoked_by", sa.Text, nullable=True),
    sa.Index("grants_by_tenant", "tenant", "made_us"),
)

person_locks = sa.Table(
    "person_locks",
    metadata,
    sa.Column("person", sa.Text, sa.ForeignKey("people.name", ondelete="CASCADE"), primary_key=True),
    sa.Column("locked_us", sa.BigInteger, nullable=False),
    sa.Column("locked_by", sa.Text, nullable=False),
)

second_factors = sa.Table(
    "second_factors",
    metadata,
    sa.Column("person", sa.Text, sa.ForeignKey("people.name", ondelete="CASCADE"), primary_key=True),
    sa.Column("secret", sa.Text, nullable=False),  # an envelope: its key is not in the records
    sa.Column("last_step", sa.BigInteger, nullable=False),  # of the newest code that was used: none is good twice
    sa.Column("confirmed_us", sa.BigInteger, nullable=True),  # null: begun, and never yet shown to work
)

recovery_codes = sa.Table(
    "recovery_codes",
    metadata,
    sa.Column("person", sa.Text, sa.ForeignKey("people.name", ondelete="CASCADE"), nullable=False),
    sa.Column("digest", sa.Text, nullable=False),
    sa.PrimaryKeyConstraint("person", "digest"),
)

session_origins = sa.Table(
    "session_origins",
    metadata,
    sa.Column("digest", sa.Text, sa.ForeignKey("sessions.digest", ondelete="CASCADE"), primary_key=True),
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("browser", sa.Text, nullable=False),  # what it says of itself
)

regions = sa.Table(
    "regions",
    metadata,
    sa.Column("region", sa.Text, primary_key=True),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("title_zh", sa.Text, nullable=False),
)

companies = sa.Table(
    "companies",
    metadata,
    sa.Column("tenant", sa.Text, sa.ForeignKey("tenants.tenant"), primary_key=True),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("title_zh", sa.Text, nullable=False),
    sa.Column("region", sa.Text, nullable=False),  # empty: none
    sa.Column("credit_code", sa.Text, nullable=False),  # GB 32100-2015; empty: none
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("quotas", sa.Text, nullable=False),
    sa.Column("created_us", sa.BigInteger, nullable=False),
)

commands = sa.Table(
    "commands",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    _tenant(),
    sa.Column("point", sa.BigInteger, nullable=False),
    sa.Column("name", sa.Text, nullable=False),  # the point's, then
    sa.Column("asset", sa.Text, nullable=False),
    sa.Column("value", sa.Text, nullable=False),  # JSON
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("asked_by", sa.Text, nullable=False),
    sa.Column("asked_us", sa.BigInteger, nullable=False),
    sa.Column("expires_us", sa.BigInteger, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("revision", sa.Text, nullable=False),  # of point and rule, when it was asked
    sa.Column("decided_by", sa.Text, nullable=True),  # the second person
    sa.Column("sent_us", sa.BigInteger, nullable=True),
    sa.Column("finished_us", sa.BigInteger, nullable=True),
    sa.Column("code", sa.Text, nullable=False),
    sa.Column("detail", sa.Text, nullable=False),
    sa.Column("previous", sa.Text, nullable=True),  # JSON
    sa.Column("read_back", sa.Text, nullable=True),  # JSON
    sa.Index("commands_by_time", "tenant", "asked_us"),
    sa.Index("commands_by_state", "state"),
    sa.Index("commands_by_point", "tenant", "point", "sent_us"),
)

stops = sa.Table(
    "stops",
    metadata,
    _tenant(),
    sa.Column("asset", sa.Text, nullable=False),  # empty: everything of the tenant
    sa.Column("stopped_by", sa.Text, nullable=False),
    sa.Column("stopped_us", sa.BigInteger, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.PrimaryKeyConstraint("tenant", "asset"),
)

passkeys = sa.Table(
    "passkeys",
    metadata,
    sa.Column("credential", sa.Text, primary_key=True),  # base64url, as the authenticator named it
    _tenant(),
    sa.Column("person", sa.Text, sa.ForeignKey("people.name", ondelete="CASCADE"), nullable=False),
    sa.Column("handle", sa.Text, nullable=False),  # base64url; what authenticators know the person by
    sa.Column("site", sa.Text, nullable=False),  # relying party id: the host name it works at
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("public_key", sa.Text, nullable=False),  # COSE, base64url
    sa.Column("sign_count", sa.BigInteger, nullable=False),
    sa.Column("synced", sa.Boolean, nullable=False),
    sa.Column("created_us", sa.BigInteger, nullable=False),
    sa.Column("used_us", sa.BigInteger, nullable=True),
    sa.Column("copied_us", sa.BigInteger, nullable=True),  # when its counter ran back: it opens nothing any more
    sa.Index("passkeys_by_person", "person"),
)

identities = sa.Table(
    "identities",
    metadata,
    _tenant(),
    sa.Column("provider", sa.Text, nullable=False),
    sa.Column("issuer", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("person", sa.Text, sa.ForeignKey("people.name", ondelete="CASCADE"), nullable=False),
    sa.Column("account", sa.Text, nullable=False),  # the name or e-mail address there, for people to read
    sa.Column("made_here", sa.Boolean, nullable=False),  # the person came by this account: roles follow its claims
    sa.Column("created_us", sa.BigInteger, nullable=False),
    sa.Column("used_us", sa.BigInteger, nullable=True),
    sa.PrimaryKeyConstraint("tenant", "provider", "issuer", "subject"),
)

session_proofs = sa.Table(
    "session_proofs",
    metadata,
    sa.Column("digest", sa.Text, sa.ForeignKey("sessions.digest", ondelete="CASCADE"), primary_key=True),
    sa.Column("how", sa.Text, nullable=False),  # password | passkey | account
    sa.Column("what", sa.Text, nullable=False),  # the passkey or the provider
    sa.Column("factor", sa.Boolean, nullable=False),  # whether a second factor was shown too
)
