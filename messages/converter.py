"""How messages are written into Temporal: Pydantic JSON, and encryption of exactly those that hold words about people.

Everything else stays readable, because operations reads these histories. A message type with PERSONAL = True is marked
by the converter, and the codec encrypts what is marked (AES-256-GCM, a key derived from the secret key). What is sealed
also says, inside, to which workflow it belongs, so that whoever opens it can tell who may read it.
"""

import os
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import TypeAdapter
from temporalio.api.common.v1 import Payload
from temporalio.api.failure.v1 import Failure
from temporalio.contrib.pydantic import PydanticJSONPlainPayloadConverter
from temporalio.converter import (
    ActivitySerializationContext,
    CompositePayloadConverter,
    DataConverter,
    DefaultFailureConverterWithEncodedAttributes,
    DefaultPayloadConverter,
    JSONPlainPayloadConverter,
    PayloadCodec,
    PayloadConverter,
    SerializationContext,
    WithSerializationContext,
    WorkflowSerializationContext,
)

PERSONAL = "holdfast-personal"
WORKFLOW = "holdfast-workflow"
ENCRYPTED = b"binary/holdfast-encrypted"
_NONCE_BYTES = 12


# A workflow gets a converter of its own; what Pydantic has learnt of a type is kept for the whole process, because
# learning it takes longer than all the rest of a short workflow task.
_learnt = lru_cache(maxsize=256)(TypeAdapter)


class MarkingConverter(PydanticJSONPlainPayloadConverter):
    """Pydantic JSON that marks the messages whose type says that they are personal."""

    def __init__(self) -> None:
        super().__init__()
        self._type_adapter = _learnt

    def to_payload(self, value: Any) -> Payload | None:
        """The value as JSON, marked where its type is PERSONAL."""
        payload = super().to_payload(value)
        if payload is not None and getattr(type(value), "PERSONAL", False):
            payload.metadata[PERSONAL] = b"1"
        return payload


# None of them keeps anything of a message or its workflow, so one set serves the whole process.
_CONVERTERS = tuple(
    MarkingConverter() if isinstance(converter, JSONPlainPayloadConverter) else converter
    for converter in DefaultPayloadConverter.default_encoding_payload_converters
)


class HoldfastPayloadConverter(CompositePayloadConverter):
    """Temporal's default converters, with ours in the place of plain JSON."""

    def __init__(self) -> None:
        super().__init__(*_CONVERTERS)

    def with_context(self, context: SerializationContext) -> "HoldfastPayloadConverter":
        """Itself: whose message it is matters to the codec only. The platform asks for this several times a task."""
        return self


class PersonalFailureConverter(DefaultFailureConverterWithEncodedAttributes):
    """Failures whose words are encrypted: an error of the database may quote what was being written."""

    def to_failure(self, exception: BaseException, payload_converter: PayloadConverter, failure: Failure) -> None:
        """The failure with its message and stack moved into attributes that the codec encrypts."""
        super().to_failure(exception, payload_converter, failure)
        failure.encoded_attributes.metadata[PERSONAL] = b"1"


@dataclass(frozen=True)
class Unsealed:
    """An encrypted message as it was before: the payload's metadata and data, and the workflow it belongs to, or ''."""

    workflow_id: str
    metadata: dict[str, bytes]
    data: bytes


class PersonalCodec(PayloadCodec, WithSerializationContext):
    """Encrypts marked payloads and encoded failure messages; leaves the others as they are."""

    def __init__(self, secret: str) -> None:
        key = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"holdfast personal messages").derive(secret.encode())
        self._cipher = AESGCM(key)
        self._workflow_id = ""

    def with_context(self, context: SerializationContext) -> "PersonalCodec":
        """The codec for the messages of one workflow, under the same key."""
        if not isinstance(context, WorkflowSerializationContext | ActivitySerializationContext):
            return self
        codec = copy(self)
        codec._workflow_id = context.workflow_id or ""
        return codec

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Encrypts what is marked."""
        return [self._seal(payload) if PERSONAL in payload.metadata else payload for payload in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Decrypts what was encrypted. A payload sealed with another key raises ValueError."""
        return [
            self._open(payload) if payload.metadata.get("encoding") == ENCRYPTED else payload for payload in payloads
        ]

    def unsealed(self, metadata: Mapping[str, bytes], data: bytes) -> Unsealed | None:
        """What an encrypted payload holds; None for one that is not encrypted, or not by this key."""
        if metadata.get("encoding") != ENCRYPTED:
            return None
        try:
            opened = self._open(Payload(metadata=metadata, data=data))
        except ValueError:
            return None
        # The label stands under the seal, so nobody but a holder of the key can have written it.
        label = opened.metadata.get(WORKFLOW, b"").decode()
        return Unsealed(label, dict(opened.metadata), opened.data)

    def _seal(self, payload: Payload) -> Payload:
        nonce = os.urandom(_NONCE_BYTES)
        labelled = Payload()
        labelled.CopyFrom(payload)
        if self._workflow_id:
            labelled.metadata[WORKFLOW] = self._workflow_id.encode()
        sealed = self._cipher.encrypt(nonce, labelled.SerializeToString(), None)
        return Payload(metadata={"encoding": ENCRYPTED}, data=nonce + sealed)

    def _open(self, payload: Payload) -> Payload:
        nonce, sealed = payload.data[:_NONCE_BYTES], payload.data[_NONCE_BYTES:]
        try:
            return Payload.FromString(self._cipher.decrypt(nonce, sealed, None))
        except InvalidTag as error:
            raise ValueError("This message was encrypted with another secret key.") from error


def data_converter(secret: str) -> DataConverter:
    """The converter that every client and worker uses; `secret` is HOLDFAST_SECRET_KEY."""
    return replace(
        DataConverter.default,
        payload_converter_class=HoldfastPayloadConverter,
        failure_converter_class=PersonalFailureConverter,
        payload_codec=PersonalCodec(secret),
    )
