from django.urls import path

from accounts.api import views

urlpatterns = [
    path("oauth/device", views.DeviceCode.as_view()),
    path("oauth/token", views.Token.as_view()),
]
