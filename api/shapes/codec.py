"""Payloads as Temporal's remote codecs exchange them: protobuf's JSON, bytes in base64."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

MOST_PAYLOADS = 1000
SEALED = {
    "payloads": [
        {
            "metadata": {"encoding": "YmluYXJ5L2hvbGRmYXN0LWVuY3J5cHRlZA=="},
            "data": "+/mgje7ijFUt2Ah6RLbRQr2vUwn8NsGb0tKrH/P6VJFd645UziZ7RwZKSy04twGLHLXhd9NoZqjrBudP",
        }
    ]
}
DECODED = {
    "payloads": [
        {
            "metadata": {
                "encoding": "anNvbi9wbGFpbg==",
                "holdfast-personal": "MQ==",
                "holdfast-workflow": "Ym9va2luZy1NTEItMjAyNjEyMTUtN1E0SzJN",
            },
            "data": "eyJhc2tlZCI6eyJyZWFzb24iOiJGdWxseSBib29rZWQgdGhhdCB3ZWVrLiJ9fQ==",
        }
    ]
}


class CodecPayload(BaseModel):
    """One payload. What else Temporal says of it passes through unread."""

    model_config = ConfigDict(extra="allow")

    metadata: dict[str, str] = Field(default_factory=dict, description="Each value in base64; `encoding` says what.")
    data: str = Field(default="", description="The content in base64.")


class CodecPayloads(BaseModel):
    """Some payloads of a workflow, in order."""

    payloads: Annotated[list[CodecPayload], Field(max_length=MOST_PAYLOADS)]
