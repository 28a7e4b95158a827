from __future__ import annotations

from django.urls import URLPattern, path, register_converter

from sims.urls import Giccid
from sms.views import actions, conversation, messages, templates

app_name = "sms"


register_converter(Giccid, "sms_giccid")

urlpatterns: list[URLPattern] = [
    path("sms/", messages.message_list, name="list"),
    path("sms/conversations/", messages.newest, name="newest"),
    path("sms/unread/", messages.unread, name="unread"),
    path("sms/csv/", messages.message_csv, name="csv"),
    path("sms/templates/", templates.template_list, name="templates"),
    path("sms/templates/new/", templates.template_new, name="template-new"),
    path("sms/templates/<int:template_id>/", templates.template_edit, name="template"),
    path("sms/templates/<int:template_id>/delete/", templates.template_delete, name="template-delete"),
    path("sms/<sms_giccid:giccid>/", conversation.conversation, name="conversation"),
    path("sms/<sms_giccid:giccid>/send/", actions.send, name="send"),
    path("sms/<sms_giccid:giccid>/<int:message_id>/look/", actions.look, name="look"),
    path("sms/<sms_giccid:giccid>/<int:message_id>/again/", actions.again, name="again"),
    path("sms/<sms_giccid:giccid>/<int:message_id>/close/", actions.close, name="close"),
]
