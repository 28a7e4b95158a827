from sms.models.conversation import Conversation, DeviceValue
from sms.models.loop import SendLoop
from sms.models.message import Message, MessageQuerySet
from sms.models.report import EarlyReport
from sms.models.template import Template

__all__ = [
    "Conversation",
    "DeviceValue",
    "EarlyReport",
    "Message",
    "MessageQuerySet",
    "SendLoop",
    "Template",
]
