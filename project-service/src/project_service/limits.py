"""Technical limits of project-service, the same in all tiers. Beyond them: 409 `LIMIT_REACHED`.

What counts by tier is in `shared.quotas`. They are generous for people and bound what a program can leave behind.
"""

from shared.db.row_limits import RowLimit

TASKS_OF_PROJECT = RowLimit("tasks of a project", 100_000)
TEXT_OF_TASKS = RowLimit("bytes of text in the tasks of a project", 100 * 1024 * 1024)  # a KiB for each possible task
LABELS_OF_PROJECT = RowLimit("labels of a project", 200)  # listed as a whole beside its tasks
MAX_ATTACHMENTS = 100  # of a task, which counts them itself
COMMENTS_OF_PLANNED = RowLimit("comments about something planned", 1_000)  # a reveal reads all of a list's at once
CHANGES_OF_FILES = RowLimit("changes of files in a project", 500_000)  # what versions remember beside contents
COMMENTS_OF_THING = RowLimit("comments about one thing", 10_000)
COMMENTS_OF_PROJECT = RowLimit("comments in a project", 100_000)
SESSIONS_OF_USER = RowLimit("workspace sessions of a user", 500)  # of 256 KiB at most: 125 MiB
PERSONS_OF_TENANT = RowLimit("persons", 2_000)
OCCASIONS_OF_TENANT = RowLimit("occasions", 10_000)
# Counted for each user who makes them: a number of all would tell a person of what is kept from them.
LISTS_OF_USER = RowLimit("gift lists that a user has made", 5_000)
GIFTS_OF_USER = RowLimit("gifts that a user has made", 10_000)
ITEMS_OF_USER = RowLimit("items that a user has added to a gift list", 500)  # a list is answered with all of its items

EDITS_KEPT = 100  # of one comment: what it said before its last hundred edits is deleted
ACTIVITY_KEPT = 20_000  # of one project; of gift planning, of one tenant
ACTIVITY_PRUNED_EVERY = 100  # events, so that its cost does not count
DELETED_PROJECTS_KEPT = 1_000  # of one tenant: beyond them the one deleted longest ago goes before its 30 days
