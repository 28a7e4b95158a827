from notifications.models.delivery import Delivery, Untaken
from notifications.models.push import Push, PushDay, PushKey
from notifications.models.token import WebhookToken

__all__ = ["Delivery", "Push", "PushDay", "PushKey", "Untaken", "WebhookToken"]
