"""Where a conversation stands; what a push names as an ICCID need not be one."""

from __future__ import annotations

import re

from django.urls import reverse

from smarthub.operations import GICCID_PATTERN

_is_giccid = re.compile(GICCID_PATTERN).fullmatch


def conversation_url(giccid: str) -> str:
    """The page of the conversation, "" where no address can name it."""
    return reverse("sms:conversation", args=[giccid]) if _is_giccid(giccid) else ""
