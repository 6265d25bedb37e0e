"""What the standard's own nodes say of this server: who it is, its limits, what it can, and nothing that it cannot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from asyncua import ua
from asyncua.server.internal_server import InternalServer

from baigong.api.opcua.aggregates import AGGREGATES

_E = ua.ObjectIds
_T = ua.VariantType
BINARY = "http://opcfoundation.org/UA-Profile/Transport/uatcp-uasc-uabinary"
_PROFILES = (
    BINARY,
    "http://opcfoundation.org/UA-Profile/Security/UserToken/Server/UserNamePassword",
    "http://opcfoundation.org/UA-Profile/Server/DataAccess",
    "http://opcfoundation.org/UA-Profile/Server/HistoricalRawData",
    "http://opcfoundation.org/UA-Profile/Server/AggregateHistorical",
)
_FOLDERS = (
    _E.Server_ServerCapabilities_AggregateFunctions,
    _E.HistoryServerCapabilities_AggregateFunctions,
)
_REFUSED = (  # children of the Server object that are optional, and not here
    _E.ServerConfiguration, _E.KeyCredentialConfiguration, _E.AuthorizationServices, _E.UserManagement,
    _E.PublishSubscribe, _E.Server_RequestServerStateChange, _E.Server_SetSubscriptionDurable,
    _E.Server_EstimatedReturnTime, _E.Server_LocalTime, _E.ServerLog, _E.Resources, _E.DefaultHEConfiguration,
    _E.Server_ServerCapabilities_RoleSet,
)  # fmt: skip


@dataclass(slots=True, frozen=True, kw_only=True)
class Offer:
    """What this server is and bears. ``policies``: URIs of its security policies."""

    application_uri: str
    name: str
    version: str
    policies: tuple[str, ...]
    nodes: int  # of one request
    histories: int
    values: int  # of one node in one answer
    sessions: int
    subscriptions: int  # of one session
    items: int
    queue: int
    points: int  # continuation points of Browse


async def furnish(standard: InternalServer, offer: Offer) -> None:
    """Write it into namespace 0."""
    for id, value in _values(offer).items():
        await standard.write_attribute_value(ua.NodeId(id), ua.DataValue(value))
    for of in (_E.Server, _E.Server_ServerCapabilities, _E.ObjectsFolder):
        held = standard.aspace.get(ua.NodeId(of))
        if held is not None:
            held.references[:] = [ref for ref in held.references if ref.NodeId.Identifier not in _REFUSED]
    await _offer_aggregates(standard)


def _values(offer: Offer) -> dict[int, ua.Variant]:
    build = ua.BuildInfo("urn:baigong", offer.name, offer.name, offer.version, offer.version)
    status = ua.ServerStatusDataType(State=ua.ServerState.Running, BuildInfo=build)
    flags = {
        _E.Server_Auditing: False,
        _E.Server_ServerDiagnostics_EnabledFlag: False,
        _E.HistoryServerCapabilities_AccessHistoryDataCapability: True,
        _E.HistoryServerCapabilities_ServerTimestampSupported: False,
    } | dict.fromkeys(
        (
            _E.HistoryServerCapabilities_AccessHistoryEventsCapability,
            _E.HistoryServerCapabilities_InsertDataCapability,
            _E.HistoryServerCapabilities_ReplaceDataCapability,
            _E.HistoryServerCapabilities_UpdateDataCapability,
            _E.HistoryServerCapabilities_DeleteRawCapability,
            _E.HistoryServerCapabilities_DeleteAtTimeCapability,
            _E.HistoryServerCapabilities_InsertEventCapability,
            _E.HistoryServerCapabilities_ReplaceEventCapability,
            _E.HistoryServerCapabilities_UpdateEventCapability,
            _E.HistoryServerCapabilities_DeleteEventCapability,
            _E.HistoryServerCapabilities_InsertAnnotationCapability,
        ),
        False,
    )
    counts = {
        _E.HistoryServerCapabilities_MaxReturnDataValues: offer.values,
        _E.HistoryServerCapabilities_MaxReturnEventValues: 0,
        _E.Server_ServerCapabilities_MaxSessions: offer.sessions,
        _E.Server_ServerCapabilities_MaxSubscriptions: offer.sessions * offer.subscriptions,
        _E.Server_ServerCapabilities_MaxSubscriptionsPerSession: offer.subscriptions,
        _E.Server_ServerCapabilities_MaxMonitoredItemsPerSubscription: offer.items,
        _E.Server_ServerCapabilities_MaxMonitoredItemsQueueSize: offer.queue,
        _E.Server_ServerCapabilities_OperationLimits_MaxNodesPerHistoryReadData: offer.histories,
    } | dict.fromkeys(
        (
            _E.Server_ServerCapabilities_OperationLimits_MaxNodesPerRead,
            _E.Server_ServerCapabilities_OperationLimits_MaxNodesPerWrite,
            _E.Server_ServerCapabilities_OperationLimits_MaxNodesPerMethodCall,
            _E.Server_ServerCapabilities_OperationLimits_MaxNodesPerBrowse,
            _E.Server_ServerCapabilities_OperationLimits_MaxNodesPerRegisterNodes,
            _E.Server_ServerCapabilities_OperationLimits_MaxNodesPerTranslateBrowsePathsToNodeIds,
            _E.Server_ServerCapabilities_OperationLimits_MaxMonitoredItemsPerCall,
        ),
        offer.nodes,
    )
    shorts = {
        _E.Server_ServerCapabilities_MaxBrowseContinuationPoints: offer.points,
        _E.Server_ServerCapabilities_MaxQueryContinuationPoints: 0,
        _E.Server_ServerCapabilities_MaxHistoryContinuationPoints: 0,  # 0: as many as one likes; they cost nothing
    }
    told: dict[int, Any] = {
        _E.Server_ServerArray: ua.Variant([offer.application_uri], _T.String),
        _E.Server_ServiceLevel: ua.Variant(255, _T.Byte),
        _E.Server_ServerCapabilities_ServerProfileArray: ua.Variant([*_PROFILES, *offer.policies], _T.String),
        _E.Server_ServerCapabilities_LocaleIdArray: ua.Variant(["zh-CN", "en"], _T.String),
        _E.Server_ServerCapabilities_MinSupportedSampleRate: ua.Variant(0.0, _T.Double),
        _E.Server_ServerRedundancy_RedundancySupport: ua.Variant(0, _T.Int32),
        _E.Server_ServerStatus: ua.Variant(status),
        _E.Server_ServerStatus_State: ua.Variant(int(ua.ServerState.Running), _T.Int32),
        _E.Server_ServerStatus_StartTime: ua.Variant(status.StartTime, _T.DateTime),
        _E.Server_ServerStatus_SecondsTillShutdown: ua.Variant(0, _T.UInt32),
        _E.Server_ServerStatus_ShutdownReason: ua.Variant(ua.LocalizedText("")),
        _E.Server_ServerStatus_BuildInfo: ua.Variant(build),
        _E.Server_ServerStatus_BuildInfo_ProductUri: ua.Variant(build.ProductUri),
        _E.Server_ServerStatus_BuildInfo_ManufacturerName: ua.Variant(build.ManufacturerName),
        _E.Server_ServerStatus_BuildInfo_ProductName: ua.Variant(build.ProductName),
        _E.Server_ServerStatus_BuildInfo_SoftwareVersion: ua.Variant(build.SoftwareVersion),
        _E.Server_ServerStatus_BuildInfo_BuildNumber: ua.Variant(build.BuildNumber),
        _E.Server_ServerStatus_BuildInfo_BuildDate: ua.Variant(build.BuildDate, _T.DateTime),
    }
    told |= {id: ua.Variant(flag, _T.Boolean) for id, flag in flags.items()}
    told |= {id: ua.Variant(count, _T.UInt32) for id, count in counts.items()}
    return told | {id: ua.Variant(short, _T.UInt16) for id, short in shorts.items()}


async def _offer_aggregates(standard: InternalServer) -> None:
    """Let the folders of aggregate functions organize those that we compute (OPC 10000-13 §4.4)."""
    wanted = [
        ua.AddReferencesItem(
            SourceNodeId=ua.NodeId(folder),
            ReferenceTypeId=ua.NodeId(_E.Organizes),
            IsForward=True,
            TargetNodeId=ua.ExpandedNodeId(which),
            TargetNodeClass=ua.NodeClass.Object,
        )
        for folder in _FOLDERS
        for which in AGGREGATES
    ]
    await standard.isession.add_references(wanted)
