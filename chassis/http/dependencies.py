"""The dependencies of a service, as its routes receive them."""

from fastapi import Request


async def dependencies_of(request: Request) -> object:
    """Return what the service stored as `app.state.dependencies`, for use in `Depends`."""
    return request.app.state.dependencies
