from django.urls import path, register_converter

from sims.views import detail, sync
from sims.views.list import sim_list
from smarthub.operations import GICCID_PATTERN


class Giccid:
    """The carrier's key in an address."""

    regex = GICCID_PATTERN

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(Giccid, "giccid")

app_name = "sims"
urlpatterns = [
    path("sims/", sim_list, name="list"),
    path("sims/<giccid:giccid>/", detail.sim_detail, name="detail"),
    path("sims/<giccid:giccid>/refresh/", detail.refresh, name="refresh"),
    path("sync/", sync.sync, name="sync"),
    path("sync/runs/<int:run_id>/", sync.sync_run, name="sync-run"),
    path("sync/start/", sync.start, name="sync-start"),
    path("sync/set-aside/<int:aside_id>/read/", sync.read_set_aside, name="set-aside-read"),
]
