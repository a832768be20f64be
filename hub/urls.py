"""Every address of the site. Inside an app, its doors list their own."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from hub import api_page, guide, schema, search, sitemaps, views

urlpatterns = [
    path("", include("models_registry.hf_api.urls")),
    path("", include("models_registry.git_http.urls")),
    path("health/live", views.live, name="live"),
    path("health/ready", views.ready, name="ready"),
    path("", include("accounts.api.urls")),
    path("", include("evaluations.api.urls")),
    path("api/schema", schema.schema, name="schema"),
    path("api", RedirectView.as_view(pattern_name="api-docs")),
    path("api/docs", api_page.docs, name="api-docs"),
    path("api/<path:rest>", views.no_such_api),
    path("", views.home, name="home"),
    path("docs", guide.guide, name="guide-start"),
    path("docs/<slug:page>", guide.guide, name="guide"),
    path("search", search.search, name="search"),
    path("search/suggestions", search.suggestions, name="search-suggestions"),
    path("status", views.status, name="status"),
    path("preferences", views.preferences, name="preferences"),
    path("favicon.ico", views.favicon),
    path("robots.txt", sitemaps.robots),
    path("sitemap.xml", sitemaps.index, name="sitemap-index"),
    path("sitemaps/<section>.xml", sitemaps.section, name="sitemap"),
    path("admin", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", admin.site.urls),
    path("", include("accounts.web.urls")),
    path("", include("evaluations.web.urls")),
    path("", include("models_registry.community.web.urls")),
    path("", include("models_registry.web.urls")),  # last: it answers at /{namespace}
]

handler404 = "hub.error_responses.page_not_found"
handler429 = "accounts.sign_in_limits.page"
handler500 = "hub.error_responses.server_error"
