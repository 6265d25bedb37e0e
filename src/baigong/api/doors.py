"""What each route needs: one table, the same call for all, checked by a test that walks every route.

``see`` that something exists, ``read`` its values, and so on: security/policies/schema.cedarschema lists the actions.
A route without a line here is not served: the application refuses to start.
"""

from __future__ import annotations

from dataclasses import dataclass

from baigong.api.rooms import Rooms
from baigong.registry.people import Principal
from baigong.registry.rights import PLATFORM, region_ref, tenant_ref
from baigong.registry.visible import Visible
from baigong.stores.lake.contract import LakeReader
from baigong.vocab.errors import ReportBug


@dataclass(slots=True, frozen=True)
class Door:
    """``partly``: whoever may do it to some points of the tenant comes in, and the handler shows no others."""

    action: str
    partly: bool = False
    platform: bool = False  # asked of the installation, not of a tenant
    own: bool = False  # what one changes of one's own way in: nobody is asked, and it is written down
    regional: bool = False  # asked of the installation, or of the region that one's company runs
    within: bool = False  # what it changes, the room behind it decides and writes down by itself


_EVERYONE = Door("")  # also strangers, or only about oneself
_OWN = Door("", own=True)
_SEE = Door("see")
_SEE_SOME, _READ_SOME = Door("see", partly=True), Door("read", partly=True)
_AUDIT, _SHARE = Door("audit"), Door("share")
_CONFIGURE, _PEOPLE, _ANNOTATE, _INGEST = Door("configure"), Door("people"), Door("annotate"), Door("ingest")
# who sees a point may ask; registry/commands.py and stops.py ask for command, approve, stop, and keep refusals too
_COMMAND = Door("see", partly=True, within=True)
_TENANTS = Door("tenants", platform=True)
_USAGE = Door("usage")
_WORK = ("plans", "calendars", "reasons")  # texts of recurring work
_REVIEW = Door("review", regional=True)

DOORS: dict[str, Door] = {
    "GET /health": _EVERYONE,
    "POST /session": _EVERYONE,
    "GET /session": _EVERYONE,
    "DELETE /session": _EVERYONE,
    "POST /password": _OWN,
    "PUT /language": _EVERYONE,
    "GET /my/sessions": _EVERYONE,
    "DELETE /my/sessions": _OWN,
    "DELETE /my/sessions/{id}": _OWN,
    "GET /my/second-factor": _EVERYONE,
    "POST /my/second-factor": _EVERYONE,
    "PUT /my/second-factor": _OWN,
    "DELETE /my/second-factor": _OWN,
    "POST /my/second-factor/codes": _OWN,
    "POST /session/passkey/options": _EVERYONE,
    "POST /session/passkey": _EVERYONE,
    "GET /my/proof": _EVERYONE,
    "POST /my/proof": _EVERYONE,
    "GET /my/passkeys": _EVERYONE,
    "POST /my/passkeys/options": _EVERYONE,
    "POST /my/passkeys": _EVERYONE,
    "PUT /my/passkeys/{id}": _EVERYONE,
    "DELETE /my/passkeys/{id}": _EVERYONE,
    "GET /sign-in": _EVERYONE,
    "POST /sign-in/{tenant_id}/{provider}": _EVERYONE,
    "GET /sign-in/{tenant_id}/{provider}/callback": _EVERYONE,
    "GET /my/accounts": _EVERYONE,
    "POST /my/accounts/{provider}": _EVERYONE,
    "DELETE /my/accounts/{id}": _EVERYONE,
    "GET /people/{name}/ways-in": _PEOPLE,
    "DELETE /people/{name}/passkeys/{id}": _PEOPLE,
    "POST /people/{name}/accounts": _PEOPLE,
    "DELETE /people/{name}/accounts/{id}": _PEOPLE,
    "GET /providers": _PEOPLE,
    "POST /providers/{provider}/check": _PEOPLE,
    "GET /set-up": _PEOPLE,
    "POST /set-up": _PEOPLE,
    "GET /people": _PEOPLE,
    "POST /people": _PEOPLE,
    "PUT /people/{name}/roles": _PEOPLE,
    "PUT /people/{name}/lock": _PEOPLE,
    "POST /people/{name}/reset": _PEOPLE,
    "DELETE /people/{name}": _PEOPLE,
    "GET /people/{name}/sessions": _PEOPLE,
    "DELETE /people/{name}/sessions": _PEOPLE,
    "DELETE /people/{name}/sessions/{id}": _PEOPLE,
    "GET /roles": _PEOPLE,
    "GET /second-factor": _PEOPLE,
    "PUT /second-factor": _PEOPLE,
    "GET /tenants": _TENANTS,
    "POST /tenants": _TENANTS,
    "PUT /tenants/{id}": _TENANTS,
    "POST /tenants/{id}/suspend": _TENANTS,
    "POST /tenants/{id}/resume": _TENANTS,
    "GET /tenants/{id}/leaving": _TENANTS,
    "POST /tenants/{id}/delete": _TENANTS,
    "GET /export": Door("read"),
    "GET /exports/{id}": Door("read"),
    "GET /regions": _TENANTS,
    "POST /regions": _TENANTS,
    "GET /looks": _EVERYONE,
    "GET /regions/{id}/look": _TENANTS,
    "PUT /regions/{id}/look": _TENANTS,
    "GET /regions/{id}/logo": _EVERYONE,
    "PUT /regions/{id}/logo": _TENANTS,
    "DELETE /regions/{id}/logo": _TENANTS,
    "GET /apply": _EVERYONE,
    "POST /apply": _EVERYONE,
    "POST /apply/state": _EVERYONE,
    "POST /apply/answer": _EVERYONE,
    "GET /applications": _REVIEW,
    "POST /applications": _REVIEW,
    "GET /applications/rules": _REVIEW,
    "PUT /applications/rules": _TENANTS,
    "GET /applications/{id}": _REVIEW,
    "POST /applications/{id}/take": _REVIEW,
    "POST /applications/{id}/ask": _REVIEW,
    "POST /applications/{id}/refuse": _REVIEW,
    "POST /applications/{id}/approve": _REVIEW,
    "POST /applications/{id}/secret": _REVIEW,
    "GET /packages": _REVIEW,
    "GET /packages/{name}": _REVIEW,
    "PUT /packages/{name}": _TENANTS,
    "DELETE /packages/{name}": _TENANTS,
    "GET /usage": _USAGE,
    "GET /usage/companies": _USAGE,
    "POST /usage/corrections": _TENANTS,
    "GET /quotas": _USAGE,
    "GET /quotas/platform": _TENANTS,
    "PUT /quotas/platform": _TENANTS,
    "GET /quotas/regions/{id}": _TENANTS,
    "PUT /quotas/regions/{id}": _TENANTS,
    "PUT /quotas/companies/{id}": _TENANTS,
    "PUT /quotas/sites/{id}": Door("retain"),
    "GET /calls": _CONFIGURE,
    "GET /gateways/networks": _TENANTS,
    "PUT /gateways/{id}/networks": _TENANTS,
    "GET /tariffs": _USAGE,
    "POST /tariffs": _TENANTS,
    "GET /bills": _USAGE,
    "GET /bills/{month}": _USAGE,
    "POST /bills/{month}/issue": _TENANTS,
    "POST /bills/{month}/correct": _TENANTS,
    "GET /metrics": Door("operate", platform=True),
    "GET /security": Door("operate", platform=True),
    "GET /system": Door("operate", platform=True),
    "GET /overview": _SEE_SOME,
    "GET /assets": _SEE_SOME,
    "POST /assets": _CONFIGURE,
    "GET /assets/{name}": _SEE_SOME,
    "PUT /assets/{name}": _CONFIGURE,
    "DELETE /assets/{name}": _CONFIGURE,
    "POST /assets/{name}/relations": _CONFIGURE,
    "DELETE /assets/{name}/relations/{kind}/{other}": _CONFIGURE,
    "POST /assets/{name}/rename": _CONFIGURE,
    "GET /assets/{name}/sources": _SEE_SOME,
    "GET /assets/{name}/life": _SEE_SOME,
    "POST /assets/{name}/life": _ANNOTATE,
    "GET /documents": _SEE_SOME,
    "POST /documents": _CONFIGURE,
    "GET /documents/{id}": _SEE_SOME,
    "PUT /documents/{id}": _CONFIGURE,
    "DELETE /documents/{id}": _CONFIGURE,
    "GET /documents/{id}/content": _READ_SOME,
    "POST /aas/import": _CONFIGURE,
    "GET /aas-templates": Door("read"),
    "GET /aas-templates/{template}": Door("read"),
    "GET /assets/{name}/submodels": Door("read"),
    "POST /assets/{name}/submodels": _CONFIGURE,
    "GET /assets/{name}/submodels/{submodel}": Door("read"),
    "PUT /assets/{name}/submodels/{submodel}": _CONFIGURE,
    "DELETE /assets/{name}/submodels/{submodel}": _CONFIGURE,
    "GET /assets/{name}/td": _SEE_SOME,
    "GET /assets/{name}/aas": _READ_SOME,
    "GET /types": _SEE,
    "POST /types": _CONFIGURE,
    "GET /types/{name}": _SEE,
    "PUT /types/{name}": _CONFIGURE,
    "DELETE /types/{name}": _CONFIGURE,
    "GET /types/{name}/gaps": _SEE,
    "POST /types/{name}/bind": _CONFIGURE,
    "GET /types/{name}/kpis": _READ_SOME,
    "POST /types/{name}/kpis": _CONFIGURE,
    "GET /kpis": _READ_SOME,
    "GET /assets/{name}/kpis": _READ_SOME,
    "GET /assets/{name}/alarms": _READ_SOME,
    "GET /types/{name}/screen": _SEE,
    "GET /types/{name}/overview": _SEE,
    "GET /assets/{name}/screen": _SEE_SOME,
    "GET /assets/{name}/overview": _SEE_SOME,
    "GET /screens": _SEE_SOME,
    "GET /screens/{name}": _SEE_SOME,
    "PUT /screens/{name}": _CONFIGURE,
    "DELETE /screens/{name}": _CONFIGURE,
    "GET /screens/{name}/texts": _SEE,
    "GET /screens/{name}/files": _SEE,
    "GET /screens/{name}/files/{file}": _SEE_SOME,
    "PUT /screens/{name}/files/{file}": _CONFIGURE,
    "DELETE /screens/{name}/files/{file}": _CONFIGURE,
    "GET /screens/{name}/links": _SHARE,
    "POST /screens/{name}/links": _SHARE,
    "DELETE /screens/{name}/links/{id}": _SHARE,
    "POST /shown": _EVERYONE,
    "POST /shown/past": _EVERYONE,
    "GET /points": _SEE_SOME,
    "GET /points/{name}": _SEE_SOME,
    "PATCH /points/{name}": _CONFIGURE,
    "POST /points/{name}/rename": _CONFIGURE,
    "GET /points/{name}/sources": _SEE_SOME,
    "GET /names": _SEE,
    "DELETE /names/{kind}/{earlier}": _CONFIGURE,
    "GET /points/{name}/why": _READ_SOME,
    "GET /points/{name}/value": _READ_SOME,
    "GET /latest": _READ_SOME,
    "GET /series": _READ_SOME,
    "GET /series/statistics": _READ_SOME,
    "GET /points/{name}/increase": _READ_SOME,
    "GET /points/{name}/exchanges": _READ_SOME,
    "POST /points/{name}/exchanges": _ANNOTATE,
    "DELETE /points/{name}/exchanges/{time}": _ANNOTATE,
    "GET /points/{name}/bursts": _READ_SOME,
    "GET /bursts/{id}": _READ_SOME,
    "GET /bursts/{id}/spectrum": _READ_SOME,
    "POST /sql": _READ_SOME,
    "GET /sql/schema": _READ_SOME,
    "WS /live": _READ_SOME,
    "POST /ingest": _INGEST,
    "POST /influx/write": _INGEST,
    "POST /influx/api/v2/write": _INGEST,
    "GET /influx/query": _INGEST,
    "POST /influx/query": _INGEST,
    "GET /influx/ping": _EVERYONE,
    "GET /influx/health": _EVERYONE,
    "POST /sheets": _INGEST,
    "GET /sheets/{id}": _INGEST,
    "DELETE /sheets/{id}": _INGEST,
    "POST /sheets/{id}/preview": _INGEST,
    "POST /sheets/{id}/import": _INGEST,
    "GET /sheet-templates": _SEE,
    "GET /sheet-templates/{name}": _SEE,
    "PUT /sheet-templates/{name}": _INGEST,
    "DELETE /sheet-templates/{name}": _INGEST,
    "GET /tasks": _SEE_SOME,
    "GET /tasks/{id}": _SEE_SOME,
    "POST /tasks": _ANNOTATE,
    "POST /tasks/{id}/changes": _ANNOTATE,
    "POST /tasks/{id}/photos": _ANNOTATE,
    "GET /workers": _CONFIGURE,
    "GET /business": Door("read"),
    "GET /business/records": Door("read"),
    "GET /business/record": Door("read"),
    "GET /business/runs": Door("read"),
    "POST /business/preview": _INGEST,
    "POST /business/records": _INGEST,
    "POST /business/runs/{id}/agree": _CONFIGURE,
    **{f"GET /{texts}": _SEE for texts in _WORK},
    **{f"{method} /{texts}/{{name}}": _CONFIGURE for texts in _WORK for method in ("PUT", "DELETE")},
    "GET /assets/{name}/reasons": _SEE_SOME,
    "GET /lots": Door("read"),
    "GET /lots/trace": Door("read"),
    "GET /episodes": _SEE_SOME,
    "PUT /episodes/{id}": _ANNOTATE,
    "DELETE /episodes/{id}": _ANNOTATE,
    "GET /events": _SEE_SOME,
    "GET /demo": _SEE,
    "PUT /demo/faults/{id}": _CONFIGURE,
    "GET /drivers": _SEE,
    "GET /devices": _SEE,
    "POST /devices": _CONFIGURE,
    "GET /devices/{id}": _SEE,
    "PUT /devices/{id}": _CONFIGURE,
    "DELETE /devices/{id}": _CONFIGURE,
    "POST /devices/{id}/replace": _CONFIGURE,
    "GET /device-templates": _SEE,
    "GET /device-templates/{name}": _SEE,
    "PUT /device-templates/{name}": _CONFIGURE,
    "DELETE /device-templates/{name}": _CONFIGURE,
    "POST /device-templates/read": _CONFIGURE,
    "POST /device-templates/{name}/devices": _CONFIGURE,
    "POST /device-templates/{name}/upgrade": _CONFIGURE,
    "GET /devices/{id}/events": _SEE,
    "POST /devices/test": _CONFIGURE,
    "POST /devices/browse": _CONFIGURE,
    "POST /devices/preview": _CONFIGURE,
    "GET /certificate": _SEE,
    "GET /certificate.pem": _SEE,
    "GET /mqtt": _SEE,
    "GET /opcua": _SEE_SOME,
    "GET /mqtt/ca.pem": _SEE,
    "GET /credentials": _PEOPLE,
    "POST /credentials": _PEOPLE,
    "POST /credentials/{username}/rotate": _PEOPLE,
    "PUT /credentials/{username}/topics": _PEOPLE,
    "DELETE /credentials/{username}": _PEOPLE,
    "GET /certificates": _PEOPLE,
    "POST /certificates": _PEOPLE,
    "POST /certificates/{serial}/rotate": _PEOPLE,
    "POST /certificates/{serial}/revoke": _PEOPLE,
    "PUT /certificates/{serial}/topics": _PEOPLE,
    "POST /certificate/renew": Door("operate", platform=True),
    "GET /machine-ca": _SEE,
    "GET /machine-ca.pem": _EVERYONE,
    "GET /machine-ca.crl": _EVERYONE,
    "GET /machine-ca.crl.pem": _EVERYONE,
    "GET /tokens": _PEOPLE,
    "POST /tokens": _PEOPLE,
    "DELETE /tokens/{id}": _PEOPLE,
    "GET /grants": _SHARE,
    "POST /grants": _SHARE,
    "DELETE /grants/{id}": _SHARE,
    "GET /rights/explain": _SHARE,
    "GET /rights/of": _SHARE,
    "GET /support": _SHARE,
    "POST /support/{id}/allow": _SHARE,
    "POST /support/{id}/refuse": _SHARE,
    "POST /support/{id}/end": _SHARE,
    "GET /support/asked": _TENANTS,
    "POST /support/asked": _TENANTS,
    "POST /support/asked/{id}/end": _TENANTS,
    "GET /audit": _AUDIT,
    "POST /audit/check": _AUDIT,
    "GET /audit/checkpoint": _AUDIT,
    "GET /audit/consistency": _AUDIT,
    "GET /audit/export": _AUDIT,
    "GET /audit/{id}/proof": _AUDIT,
    "GET /commands": _SEE_SOME,
    "GET /writable": _SEE_SOME,
    "GET /writable/{name}/who": _SEE_SOME,
    "POST /commands": _COMMAND,
    "POST /commands/{id}/approve": _COMMAND,
    "POST /commands/{id}/refuse": _COMMAND,
    "POST /commands/{id}/rollback": _COMMAND,
    "GET /stops": _SEE_SOME,
    "PUT /stops": _COMMAND,
    "GET /retention": _SEE,
    "PUT /retention": Door("retain"),
}

# the standard's own paths (api/aas.py): what its values say is in them, so to see is not enough; shells that were
# handed in are of no point, so who may read only some points is shown those that are made of assets, and no others
AAS_DOORS: dict[str, Door] = {
    "GET": _READ_SOME,
    "POST": _CONFIGURE,
    "PUT": _CONFIGURE,
    "PATCH": _CONFIGURE,
    "DELETE": _CONFIGURE,
    "POST /aas/lookup/shellsByAssetLink": _READ_SOME,
    "GET /aas/packages": Door("read"),
    "GET /aas/packages/{package}": Door("read"),
}


def door_of(method: str, path: str) -> Door:
    door = DOORS.get(f"{method} {path}")
    if door is None and path.startswith("/aas/"):
        door = AAS_DOORS.get(f"{method} {path}") or AAS_DOORS[method]
    if door is None:
        raise ReportBug("internal.error", f"{method} {path} has no line in api/doors.py: say which action it needs")
    return door


def enter(rooms: Rooms, door: Door, who: Principal, tenant: str) -> Visible:
    """Let ``who`` in to do this with ``tenant``, and say what of it is open. Raises auth.denied."""
    rights = rooms.registry.rights
    if not door.action:
        return rights.everything
    if door.partly:
        return rights.visible(who, door.action, tenant)
    if door.regional:
        scope(rooms, who, door.action)
    else:
        rights.require(who, door.action, PLATFORM if door.platform else tenant_ref(tenant))
    return rights.everything


def scope(rooms: Rooms, who: Principal, action: str) -> str:
    """Return the one region about which ``who`` may; empty for the whole installation. Raises auth.denied."""
    rights, place = rooms.registry.rights, rooms.registry.tenants.place(who.tenant)
    run = place.runs if place is not None else ""
    if not run or rights.decide(who, action, PLATFORM).allowed:
        rights.require(who, action, PLATFORM)
        return ""
    rights.require(who, action, region_ref(run))
    return run


def readable(rooms: Rooms, door: Door, who: Principal, tenant: str) -> LakeReader:
    """Return a reader of what ``who`` may read of a tenant: to see a point is not yet to see its values."""
    if not door.action or door.platform:
        return rooms.lake
    return rooms.registry.rights.part(who, "read", tenant).lake(rooms.lake)
