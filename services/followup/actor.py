"""The followup service as the author of commands and events."""

from chassis.commands.system_actor import SystemActor

ACTOR = SystemActor("followup")
