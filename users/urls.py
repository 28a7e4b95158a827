from django.contrib.auth.views import LogoutView
from django.urls import path

from users import views

app_name = "users"
urlpatterns = [
    path("login/", views.login, name="login"),
    path("logout/", LogoutView.as_view(next_page="users:login"), name="logout"),
    path("account/", views.account, name="account"),
    path("account/theme/", views.theme, name="theme"),
]
