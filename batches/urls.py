from django.urls import path

from batches.views import actions, detail, following, history, new

app_name = "batches"
urlpatterns = [
    path("batches/", history.history, name="history"),
    path("batches/new/", new.new, name="new"),
    path("batches/choose/", new.choose, name="choose"),
    path("batches/template.csv", new.file_template, {"kind": "csv"}, name="template-csv"),
    path("batches/template.xlsx", new.file_template, {"kind": "xlsx"}, name="template-xlsx"),
    path("batches/<uuid:uuid>/", detail.batch, name="detail"),
    path("batches/<uuid:uuid>/items.csv", detail.items_csv, name="csv"),
    path("batches/<uuid:uuid>/start/", actions.start, name="start"),
    path("batches/<uuid:uuid>/pause/", actions.pause, name="pause"),
    path("batches/<uuid:uuid>/resume/", actions.resume, name="resume"),
    path("batches/<uuid:uuid>/cancel/", actions.cancel, name="cancel"),
    path("batches/<uuid:uuid>/retry/", following.retry, name="retry"),
    path("batches/<uuid:uuid>/undo/", following.undo, name="undo"),
    path("batches/<uuid:uuid>/chunks/<int:number>/close/", following.close, name="close"),
]
