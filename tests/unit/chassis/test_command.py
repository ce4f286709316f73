"""A command keeps its personal data apart, and its fields can be given to a command with more of them."""

from typing import ClassVar
from uuid import uuid4

from chassis.commands.command import Command


class Note(Command):
    PRIVATE: ClassVar[frozenset[str]] = frozenset({"text"})

    text: str


class NoteOfToday(Note):
    day: str


def test_the_entries_have_the_ids_that_the_events_refer_to() -> None:
    note, subject = Note(text="private"), uuid4()
    assert [entry.id for entry in note.vault_entries(subject)] == [note.vault_ref("text")]


def test_two_commands_have_different_entries() -> None:
    assert Note(text="a").vault_ref("text") != Note(text="a").vault_ref("text")


def test_a_copy_refers_to_the_same_entries() -> None:
    note = Note(text="a")
    ref = note.vault_ref("text")
    assert note.model_copy(update={"text": "b"}).vault_ref("text") == ref


def test_the_fields_of_a_command_are_those_of_its_model_at_any_time() -> None:
    note = Note(text="a")
    assert note.vault_ref("text")
    assert dict(note) == {"text": "a"}
    assert NoteOfToday(**dict(note), day="2024-06-01").text == "a"
