"""Roles, databases and tables made ready: at every start of the local stack, and once before containers."""

import asyncio
import os

from chassis.migrate import MigrationFailedError, migrate
from deploy.stack import databases
from deploy.stack.credentials import ROLES, Credentials
from deploy.stack.databases import SERVICES, DatabaseUrls
from deploy.stack.errors import CannotRun
from deploy.stack.ladder import Say
from deploy.stack.schemas import SCHEMAS


async def bootstrap(admin_url: str, credentials: Credentials, say: Say) -> DatabaseUrls:
    """Return the addresses of the databases once each has the tables its service expects."""
    urls = await databases.prepare(admin_url, credentials)
    for service in SERVICES:
        say(f"bringing the tables of {service} up to date")
        try:
            await asyncio.to_thread(migrate, SCHEMAS[service], urls.migrator[service])
        except MigrationFailedError as error:
            raise CannotRun(f"The tables of {service} could not be brought up to date: {error}") from error
    return urls


def main() -> None:
    """Bootstrap the cluster named in the environment, with one password for all its roles."""
    password = os.environ["CARE_PASSWORD"]
    credentials = Credentials(roles=dict.fromkeys(ROLES, password))
    asyncio.run(bootstrap(os.environ["CARE_POSTGRES_ADMIN_URL"], credentials, print))


if __name__ == "__main__":
    main()
