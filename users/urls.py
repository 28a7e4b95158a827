from django.urls import path

from users import views

app_name = "users"
urlpatterns = [
    path("login/", views.login, name="login"),
    path("logout/", views.logout, name="logout"),
    path("account/", views.account, name="account"),
    path("audit/", views.audit, name="audit"),
    path("account/theme/", views.theme, name="theme"),
]
