from django.urls import path, register_converter

from sims.models import Verb
from sims.views import asking, detail, notes, operations, paste, protection, saved_views, search, sync, tags, verify
from sims.views import export as exports
from sims.views.change import change
from sims.views.list import keep_columns, sim_list
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
    path("sims/columns/", keep_columns, name="columns"),
    path("sims/export/", exports.export, name="export"),
    path("sims/exports/", exports.exports, name="exports"),
    path("sims/exports/<uuid:uuid>/", exports.export_job, name="export-job"),
    path("sims/exports/<uuid:uuid>/file/", exports.export_file, name="export-file"),
    path("sims/verify/", verify.start, name="verify"),
    path("sims/verify/<int:run_id>/", verify.progress, name="verify-progress"),
    path("sims/search/", search.search, name="search"),
    path("sims/paste/", paste.paste, name="paste"),
    path("sims/sets/<uuid:set_id>/", paste.working_set, name="set"),
    path("sims/sets/<uuid:set_id>/take/", paste.take, name="set-take"),
    path("sims/sets/<uuid:set_id>/share/", paste.share, name="set-share"),
    path("sims/sets/<uuid:set_id>/forget/", paste.forget, name="set-forget"),
    path("sims/sets/<uuid:set_id>/report.csv", paste.report_csv, name="set-report"),
    path("sims/tags/", tags.tag_list, name="tags"),
    path("sims/tags/<int:tag_id>/", tags.tag, name="tag"),
    path("sims/tags/<int:tag_id>/delete/", tags.delete_tag, name="tag-delete"),
    path("sims/tagging/", tags.tag_many, name="tagging"),
    path("sims/views/", saved_views.view_list, name="views"),
    path("sims/views/new/", saved_views.new_view, name="view-new"),
    path("sims/views/counts/", saved_views.tab_counts, name="view-counts"),
    path("sims/views/<int:view_id>/", saved_views.view, name="view"),
    path("sims/views/<int:view_id>/update/", saved_views.update_view, name="view-update"),
    path("sims/views/<int:view_id>/delete/", saved_views.delete_view, name="view-delete"),
    path("sims/views/<int:view_id>/default/", saved_views.default_view, name="view-default"),
    path("sims/<giccid:giccid>/tags/", tags.sim_tags, name="sim-tags"),
    path("sims/<giccid:giccid>/place/", notes.place, name="place"),
    path("sims/<giccid:giccid>/notes/", notes.sim_notes, name="notes"),
    path("sims/<giccid:giccid>/notes/<int:note_id>/", notes.note, name="note"),
    path("sims/<giccid:giccid>/notes/<int:note_id>/delete/", notes.delete_note, name="note-delete"),
    path("sims/<giccid:giccid>/", detail.sim_detail, name="detail"),
    path("sims/<giccid:giccid>/refresh/", detail.refresh, name="refresh"),
    *(path(f"sims/<giccid:giccid>/{verb}/", change, {"verb": verb}, name=verb.value) for verb in Verb),
    path("sims/<giccid:giccid>/protect/", protection.protect, name="protect"),
    path("sims/<giccid:giccid>/unprotect/", protection.unprotect, name="unprotect"),
    path("sims/<giccid:giccid>/history/read/", asking.read_sim_history, name="history-read"),
    path("sims/<giccid:giccid>/custom-fields/read/", asking.read_sim_custom_fields, name="custom-fields-read"),
    path("sims/<giccid:giccid>/usage.csv", asking.usage_csv, name="usage-csv"),
    path("operations/", operations.operation_list, name="operations"),
    path("operations/<int:operation_id>/", operations.operation, name="operation"),
    path("operations/<int:operation_id>/cancel/", operations.cancel, name="operation-cancel"),
    path("operations/<int:operation_id>/undo/", operations.undo, name="operation-undo"),
    path("operations/<int:operation_id>/resolve/", operations.resolve, name="operation-resolve"),
    path("sync/", sync.sync, name="sync"),
    path("sync/runs/<int:run_id>/", sync.sync_run, name="sync-run"),
    path("sync/start/", sync.start, name="sync-start"),
    path("sync/set-aside/<int:aside_id>/read/", sync.read_set_aside, name="set-aside-read"),
]
