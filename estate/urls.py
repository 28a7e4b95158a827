from django.urls import path

from estate.views import drift, enterprise, home, packages, pools, statistics

app_name = "estate"
urlpatterns = [
    path("", home.home_page, name="home"),
    path("enterprise/", enterprise.overview, name="enterprise"),
    path("enterprise/accounts/", enterprise.accounts, name="accounts"),
    path("enterprise/accounts/<int:pk>/", enterprise.account, name="account"),
    path("enterprise/packages/", packages.packages, name="packages"),
    path("enterprise/packages/<int:pk>/", packages.package, name="package"),
    path("enterprise/share-pools/", pools.pools, name="pools"),
    path("enterprise/share-pools/<int:pk>/", pools.pool, name="pool"),
    path("enterprise/statistics/", statistics.statistics, name="statistics"),
    path("enterprise/usage/", statistics.usage, name="usage"),
    path("enterprise/usage/silent/", statistics.silent, name="silent"),
    path("enterprise/calendar/", statistics.calendar, name="calendar"),
    path("sync/drift/", drift.drifts, name="drifts"),
    path("sync/drift/<int:pk>/", drift.drift, name="drift"),
    path("sync/drift/<int:pk>/cancel/", drift.cancel, name="drift-cancel"),
]
