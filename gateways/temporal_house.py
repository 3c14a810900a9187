"""What a Temporal server must have before bookings can live on it: a namespace and our search attributes."""

import asyncio
from datetime import timedelta

from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest, RegisterNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from messages.names import SEARCH_ATTRIBUTES

RETENTION = timedelta(days=3)
ASK_EVERY_SECONDS = 0.2
NAMESPACE_SECONDS = 30.0


async def prepare_server(client: Client) -> list[str]:
    """Creates the namespace and the search attributes where they are missing; names what it created."""
    created = []
    try:
        await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace=client.namespace))
    except RPCError as trouble:
        if trouble.status != RPCStatusCode.NOT_FOUND:
            raise
        request = RegisterNamespaceRequest(namespace=client.namespace)
        request.workflow_execution_retention_period.FromTimedelta(RETENTION)
        await client.workflow_service.register_namespace(request)
        created.append(f"namespace {client.namespace}")
    missing = await _once_known(client)
    if missing:
        kinds = {
            name: IndexedValueType.Value(f"INDEXED_VALUE_TYPE_{SEARCH_ATTRIBUTES[name].upper()}") for name in missing
        }
        await client.operator_service.add_search_attributes(
            AddSearchAttributesRequest(namespace=client.namespace, search_attributes=kinds)
        )
        created += [f"search attribute {name}" for name in missing]
    return created


async def _once_known(client: Client) -> list[str]:
    """The missing search attributes, as soon as every service of the server has heard of a new namespace."""
    async with asyncio.timeout(NAMESPACE_SECONDS):
        while True:
            try:
                return await missing_search_attributes(client)
            except RPCError as trouble:
                if trouble.status != RPCStatusCode.NOT_FOUND:
                    raise
            await asyncio.sleep(ASK_EVERY_SECONDS)


async def missing_search_attributes(client: Client) -> list[str]:
    """Names of ours that the namespace does not have."""
    known = await client.operator_service.list_search_attributes(
        ListSearchAttributesRequest(namespace=client.namespace)
    )
    return sorted(set(SEARCH_ATTRIBUTES) - set(known.custom_attributes))
