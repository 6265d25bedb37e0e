"""What a row of the records is to those who ask who somebody is."""

from __future__ import annotations

from baigong.registry.principal import NEVER_US, Principal
from baigong.registry.roles import still_given
from baigong.stores.records.access import PersonRow, SessionRow, TokenRow
from baigong.vocab.errors import ReportBug


def of_token(row: TokenRow, owner: PersonRow | None) -> Principal:
    made = Principal(
        tenant=row.tenant,
        user=row.person or row.title,
        role=row.role,
        by="token",
        token=row.token,
        person=row.person or "",
        given=row.role,
        expires_us=NEVER_US if row.expires_us is None else row.expires_us,
    )
    return made if owner is None else still_given(made, owner.tenant, owner.role)


def of_session(person: PersonRow, session: SessionRow) -> Principal:
    if not session.digest:
        raise ReportBug("internal.error", "a session without a digest")
    return Principal(
        tenant=person.tenant,
        user=person.name,
        role=person.role,
        by="cookie",
        language=person.language,
        must_set_password=person.must_set_password,
        session=session.digest,
        expires_us=session.expires_us,
        how=session.how,
        what=session.what,
        factor=bool(session.factor),
        proved_us=session.created_us,
    )
