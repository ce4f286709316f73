"""Creates roles, databases and tables: at every start of the local stack, and once before the containers start."""

import asyncio
import os

from chassis.migrate import MigrationFailedError, migrate
from deploy.stack import databases
from deploy.stack.credentials import ROLES, Credentials, password_variable
from deploy.stack.databases import SERVICES, DatabaseUrls
from deploy.stack.errors import StackError
from deploy.stack.providers import Say
from deploy.stack.schemas import SCHEMAS


async def bootstrap(admin_url: str, credentials: Credentials, say: Say) -> DatabaseUrls:
    """Create or migrate all databases and return their addresses."""
    urls = await databases.prepare(admin_url, credentials)
    for service in SERVICES:
        say(f"migrating the database of {service}")
        try:
            await asyncio.to_thread(migrate, SCHEMAS[service], urls.migrator[service])
        except MigrationFailedError as error:
            raise StackError(f"The database of {service} could not be migrated: {error}") from error
    return urls


def main() -> None:
    """Bootstrap the cluster named in the environment, with the passwords of its roles from there, too."""
    credentials = Credentials(roles={role: os.environ[password_variable(role)] for role in ROLES})
    asyncio.run(bootstrap(os.environ["CARE_POSTGRES_ADMIN_URL"], credentials, print))


if __name__ == "__main__":
    main()
