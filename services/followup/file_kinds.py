"""The kind of files of this service, to import or to preview."""

from collections.abc import Callable
from functools import partial

from chassis.commands.command_handler import CommandHandler
from chassis.commands.item_limit import ItemKind, ItemLimit
from chassis.files.importer import Importer
from chassis.files.imports import Imports
from chassis.files.preview import Previews
from chassis.service import ServiceContext
from chassis.store.preview_store import PreviewStore
from services.followup import limits
from services.followup.dependencies import Dependencies
from services.followup.domain.contact import CONTACT, Contact
from services.followup.domain.task import TASK, Task
from services.followup.imports.followups import FollowupImport


def imports(context: ServiceContext, needs: Dependencies) -> Imports:
    kinds = importers(context, needs, needs.contacts, needs.tasks)
    return Imports(context.pool, kinds, health=context.supervisor.health("importer"))


def previews(context: ServiceContext, needs: Dependencies, limit: Callable[[ItemKind], ItemLimit]) -> Previews:
    return Previews(partial(preview_importers, context, needs, limit))


def preview_importers(
    context: ServiceContext, needs: Dependencies, limit: Callable[[ItemKind], ItemLimit]
) -> dict[str, Importer]:
    """Return importers on a store that keeps nothing, with caches of their own."""
    store = PreviewStore(context.pool)
    contacts = CommandHandler(store, CONTACT, needs.mapper, limit(limits.CONTACTS))
    tasks = CommandHandler(store, TASK, needs.mapper, limit(limits.OPEN_TASKS))
    return importers(context, needs, contacts, tasks)


def importers(
    context: ServiceContext,
    needs: Dependencies,
    contacts: CommandHandler[Contact],
    tasks: CommandHandler[Task | None],
) -> dict[str, Importer]:
    followups = FollowupImport(
        contacts=contacts,
        tasks=tasks,
        customers=needs.customers,
        absences=needs.absence_queries,
        pseudonyms=needs.pseudonyms,
        zone=context.settings.business_zone,
    )
    return {"followups": followups}
