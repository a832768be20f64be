from django.urls import path

from accounts.api import organizations, views

urlpatterns = [
    path("api/organizations", organizations.Organizations.as_view()),
    path("api/organizations/<str:name>", organizations.OneOrganization.as_view()),
    path("api/organizations/<str:name>/name", organizations.Naming.as_view()),
    path("api/organizations/<str:name>/members/<str:username>", organizations.OneMember.as_view()),
    path("api/organizations/<str:name>/invitations", organizations.Invitations.as_view()),
    path("api/organizations/<str:name>/invitations/<int:number>", organizations.OneInvitation.as_view()),
    path("api/settings/invitations", organizations.MyInvitations.as_view()),
    path("api/settings/invitations/<int:number>", organizations.MyInvitation.as_view()),
    path("oauth/device", views.DeviceCode.as_view()),
    path("oauth/token", views.Token.as_view()),
]
