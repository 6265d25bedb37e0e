"""Browse, BrowseNext and TranslateBrowsePathsToNodeIds over both: the standard's nodes and ours (OPC 10000-4 §5.9)."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence

from asyncua import ua
from asyncua.server.internal_server import InternalServer

from baigong.api.opcua.facts import history_configuration
from baigong.api.opcua.nodes import HAS_PROPERTY, NAMESPACE, Link, Node, browse_name
from baigong.api.opcua.session import Session
from baigong.api.opcua.space import Space

_PAGE = 1_000  # references of one node in one answer
MOST_POINTS = 20  # continuation points of one session
_ANY = ua.NodeId(0)
_LAST = ua.Index(0xFFFFFFFF)  # a target that is in this server


class Browser:
    """``standard``: the server that holds namespace 0."""

    def __init__(self, standard: InternalServer) -> None:
        self._standard = standard
        self._below: dict[ua.NodeId, frozenset[ua.NodeId]] = {}

    def browse(self, session: Session, space: Space, wish: ua.BrowseDescription, most: int) -> ua.BrowseResult:
        """Answer for one node: the first references, and a continuation point for the rest."""
        return self._page(session, space, wish, 0, min(most or _PAGE, _PAGE))

    def next(self, session: Session, space: Space, point: bytes, *, release: bool) -> ua.BrowseResult:
        held = session.points.pop(point or b"", None)
        if held is None:
            return ua.BrowseResult(ua.StatusCode(ua.StatusCodes.BadContinuationPointInvalid))
        (wish, most), at = held
        return ua.BrowseResult() if release else self._page(session, space, wish, at, most)

    def _page(self, session: Session, space: Space, wish: ua.BrowseDescription, at: int, most: int) -> ua.BrowseResult:
        links = self._links(space, wish.NodeId)
        if links is None:
            return ua.BrowseResult(ua.StatusCode(ua.StatusCodes.BadNodeIdUnknown))
        wanted, subtypes = wish.ReferenceTypeId, bool(wish.IncludeSubtypes)
        kinds = {kind for kind in {link.kind for link in links[0]} if self._is_kind(kind, wanted, subtypes=subtypes)}
        ours = [link for link in links[0] if link.kind in kinds and self._fits(wish, link)]
        theirs = [ref for ref in links[1] if self._standard.view_service._is_suitable_ref(wish, ref)]
        told = [*theirs, *ours][at : at + most]
        found = [self._told(session, space, one) if isinstance(one, Link) else one for one in told]
        result = ua.BrowseResult(References=[one for one in found if one is not None])
        if at + most < len(theirs) + len(ours):
            if len(session.points) >= MOST_POINTS:
                result.StatusCode = ua.StatusCode(ua.StatusCodes.BadNoContinuationPoints)
                return result
            result.ContinuationPoint = secrets.token_bytes(8)
            session.points[result.ContinuationPoint] = ((wish, most), at + most)
        return result

    def _links(self, space: Space, id: ua.NodeId) -> tuple[list[Link], Sequence[ua.ReferenceDescription]] | None:
        """Return the references of a node: ours, and the standard's; None: there is no such node."""
        if id.NamespaceIndex == NAMESPACE:
            node = space.find(str(id.Identifier)) if id.NodeIdType == ua.NodeIdType.String else None
            return None if node is None else (space.links(node), ())
        held = self._standard.aspace.get(id)
        if held is None:
            return None
        ours = space.below_standard(int(id.Identifier)) if id.NamespaceIndex == 0 else []
        return ours, held.references

    def _fits(self, wish: ua.BrowseDescription, link: Link) -> bool:
        if wish.BrowseDirection == ua.BrowseDirection.Forward and not link.forward:
            return False
        if wish.BrowseDirection == ua.BrowseDirection.Inverse and link.forward:
            return False
        return not wish.NodeClassMask or bool(wish.NodeClassMask & self._class_of(link))

    def _is_kind(self, kind: int, wanted: ua.NodeId, *, subtypes: bool) -> bool:
        if wanted == _ANY:
            return True
        id = ua.NodeId(kind)
        if wanted not in self._below and len(self._below) < 1_000:
            self._below[wanted] = frozenset(self._standard.view_service._get_sub_ref(wanted))
        return id == wanted or (subtypes and id in self._below.get(wanted, ()))

    def _class_of(self, link: Link) -> int:
        if link.standard:
            told = self._standard.aspace.read_attribute_value(ua.NodeId(link.standard), ua.AttributeIds.NodeClass)
            return int(told.Value.Value)
        kind, _, rest = link.to.partition("/")
        if kind == "history":
            node = history_configuration(link.to)
            return 0 if node is None else int(node.node_class)
        if "/" in rest or kind == "point" or (link.kind == HAS_PROPERTY and link.forward):
            return int(ua.NodeClass.Variable)
        return int(ua.NodeClass.ObjectType if kind == "type" else ua.NodeClass.Object)

    def _told(self, session: Session, space: Space, link: Link) -> ua.ReferenceDescription | None:
        made = ua.ReferenceDescription(ReferenceTypeId=ua.NodeId(link.kind), IsForward=link.forward)
        if link.standard:
            return self._told_standard(made, ua.NodeId(link.standard))
        node = space.find(link.to)
        if node is None:
            return None
        made.NodeId = ua.ExpandedNodeId(link.to, NAMESPACE)
        made.NodeClass, made.BrowseName = node.node_class, browse_name(node)
        made.DisplayName = session.says(node.words, node.name)
        if node.type is not None:
            made.TypeDefinition = _expanded(node.type)
        return made

    def _told_standard(self, made: ua.ReferenceDescription, id: ua.NodeId) -> ua.ReferenceDescription:
        read = self._standard.aspace.read_attribute_value
        made.NodeId = ua.ExpandedNodeId(id.Identifier)
        made.NodeClass = ua.NodeClass(read(id, ua.AttributeIds.NodeClass).Value.Value)
        made.BrowseName = read(id, ua.AttributeIds.BrowseName).Value.Value
        made.DisplayName = read(id, ua.AttributeIds.DisplayName).Value.Value
        return made

    def translate(self, space: Space, path: ua.BrowsePath) -> ua.BrowsePathResult:
        """Follow a path of browse names."""
        elements = path.RelativePath.Elements
        if not elements or not elements[-1].TargetName or not elements[-1].TargetName.Name:
            return ua.BrowsePathResult(ua.StatusCode(ua.StatusCodes.BadBrowseNameInvalid))
        if self._links(space, path.StartingNode) is None:
            return ua.BrowsePathResult(ua.StatusCode(ua.StatusCodes.BadNodeIdUnknown))
        found = [path.StartingNode]
        for element in elements:
            found = [target for id in found for target in self._step(space, id, element)]
        if not found:
            return ua.BrowsePathResult(ua.StatusCode(ua.StatusCodes.BadNoMatch))
        targets = [ua.BrowsePathTarget(id, _LAST) for id in found]
        return ua.BrowsePathResult(ua.StatusCode(), targets)

    def _step(self, space: Space, id: ua.NodeId, element: ua.RelativePathElement) -> Iterator[ua.NodeId]:
        links = self._links(space, id)
        if links is None:
            return
        for ref in links[1]:
            if ref.BrowseName != element.TargetName or ref.IsForward == element.IsInverse:
                continue
            kind, wanted = ref.ReferenceTypeId, element.ReferenceTypeId
            if self._standard.view_service._suitable_reftype(wanted, kind, element.IncludeSubtypes):
                yield ref.NodeId
        for link in links[0]:
            if link.forward == element.IsInverse or link.standard:
                continue
            if not self._is_kind(link.kind, element.ReferenceTypeId, subtypes=element.IncludeSubtypes):
                continue
            node: Node | None = space.find(link.to)
            if node is not None and browse_name(node) == element.TargetName:
                yield node.node_id


def _expanded(link: Link) -> ua.ExpandedNodeId:
    return ua.ExpandedNodeId(link.standard) if link.standard else ua.ExpandedNodeId(link.to, NAMESPACE)
