"""The routes of the pages, each with its policy."""

from django.views.decorators.http import require_POST, require_safe

from yipanqi_web.accounts.models import AdminRole
from yipanqi_web.pages import administration, board, entrance, exchange, inbox, institution, jobs, projects, sites
from yipanqi_web.pages.frame import OFFICERS, OPEN, SIGNED_IN, admins, route

_KEEPERS = admins(AdminRole.SYSTEM, AdminRole.SECURITY)

urlpatterns = [
    route("", require_safe(board.home), SIGNED_IN, "board"),
    route("map.json", require_safe(board.layers), OFFICERS, "map"),
    route("todo/", require_safe(board.todo), OFFICERS, "todo"),
    route("sites/", require_safe(sites.overview), OFFICERS, "sites"),
    route("sites/due/", require_safe(sites.due), OFFICERS, "due"),
    route("sites/<uuid:public_id>/", require_safe(sites.card), OFFICERS, "site"),
    route("sites/<uuid:public_id>/fact/", require_POST(sites.move), OFFICERS, "site_fact"),
    route("sites/<uuid:public_id>/hold/", require_POST(sites.hold), OFFICERS, "site_hold"),
    route("sites/<uuid:public_id>/release/", require_POST(sites.release), OFFICERS, "site_release"),
    route("projects/", require_safe(projects.overview), OFFICERS, "projects"),
    route("projects/enter/", projects.enter, OFFICERS, "enter"),
    route("projects/read/", require_POST(projects.read), OFFICERS, "read"),
    route("projects/contested/", require_safe(projects.contested), OFFICERS, "contested"),
    route("projects/pace/", require_safe(projects.pace), OFFICERS, "pace"),
    route("projects/referrals/", require_safe(projects.referrals), OFFICERS, "referrals"),
    route("projects/<uuid:public_id>/", require_safe(projects.file), OFFICERS, "project"),
    route("projects/<uuid:public_id>/stage/", require_POST(projects.move), OFFICERS, "project_stage"),
    route("projects/<uuid:public_id>/referral/", require_POST(projects.refer), OFFICERS, "project_referral"),
    route("institution/", require_safe(institution.institution), OFFICERS, "institution"),
    route("exchange/", require_safe(exchange.overview), OFFICERS, "exchange"),
    route("exchange/upload/", require_POST(exchange.upload), OFFICERS, "upload"),
    route("exchange/out/<str:kind>/", require_safe(exchange.out), OFFICERS, "export"),
    route("exchange/<uuid:public_id>/", require_safe(exchange.one), OFFICERS, "import"),
    route("exchange/<uuid:public_id>/confirm/", require_POST(exchange.confirm), OFFICERS, "import_confirm"),
    route("exchange/<uuid:public_id>/copy/", require_safe(exchange.copy), OFFICERS, "import_copy"),
    route("inbox/", require_safe(inbox.overview), OFFICERS, "inbox"),
    route("inbox/read/", require_POST(inbox.read), OFFICERS, "inbox_read"),
    route("jobs/", require_safe(jobs.overview), admins(AdminRole.SYSTEM), "jobs"),
    route("jobs/backup/", require_POST(jobs.order_backup), admins(AdminRole.SYSTEM), "backup"),
    route("accounts/", require_safe(administration.accounts), _KEEPERS, "accounts"),
    route("accounts/make/", require_POST(administration.make), admins(AdminRole.SYSTEM), "account_make"),
    route("accounts/<str:username>/", require_POST(administration.change), _KEEPERS, "account"),
    route("trail/", require_safe(administration.trail), admins(AdminRole.AUDIT), "trail"),
    route("trail/chain/", require_safe(administration.verify), admins(AdminRole.AUDIT), "chain"),
    route("login/", entrance.login, OPEN, "login"),
    route("leave/", require_POST(entrance.leave), SIGNED_IN, "leave"),
    route("language/", require_POST(entrance.speak), OPEN, "language"),
    route("health/", require_safe(entrance.alive), OPEN, "health"),
]
