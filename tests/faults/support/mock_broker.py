"""A broker that returns configured errors: librdkafka's mock broker from confluent-kafka's wheel."""

import ctypes
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

import confluent_kafka

from contracts.topics import Topic

PRODUCER = 0
ERROR_BYTES = 512


class Api(IntEnum):
    """The requests that can be answered with errors, by their numbers in Kafka's protocol."""

    PRODUCE = 0
    INIT_PRODUCER_ID = 22


@dataclass(frozen=True, slots=True)
class MockBroker:
    """One broker in memory. It keeps what it is sent, and does not drop what a producer sends twice."""

    library: ctypes.CDLL
    cluster: int

    @property
    def bootstrap(self) -> str:
        found: bytes = self.library.rd_kafka_mock_cluster_bootstraps(self.cluster)
        return found.decode()

    def create(self, topic: Topic) -> None:
        """Make a topic; the mock does not take this request from clients."""
        failed = self.library.rd_kafka_mock_topic_create(self.cluster, topic.name.encode(), topic.partitions, 1)
        assert not failed, f"the mock broker says {failed}"

    def answer(self, api: Api, codes: Sequence[int]) -> None:
        """Answer the next requests of a kind with these errors, one each, without doing what they ask."""
        array = (ctypes.c_int * len(codes))(*codes)
        self.library.rd_kafka_mock_push_request_errors_array(self.cluster, api, len(codes), array)

    def spoil(self, topic: Topic, code: int) -> None:
        """Give this error whenever the topic is looked up or written to; 0 is none."""
        self.library.rd_kafka_mock_topic_set_error(self.cluster, topic.name.encode(), code)


@contextmanager
def mock_broker() -> Iterator[MockBroker]:
    library = load()
    problem = ctypes.create_string_buffer(ERROR_BYTES)
    handle = library.rd_kafka_new(PRODUCER, None, problem, ERROR_BYTES)
    assert handle, problem.value.decode()
    cluster = library.rd_kafka_mock_cluster_new(handle, 1)
    try:
        yield MockBroker(library, cluster)
    finally:
        library.rd_kafka_mock_cluster_destroy(cluster)
        library.rd_kafka_destroy(handle)


def load() -> ctypes.CDLL:
    """Return the library with the types of what is called, as its header rdkafka_mock.h gives them."""
    (path,) = (Path(confluent_kafka.__file__).parents[1] / "confluent_kafka.libs").glob("librdkafka-*")
    library = ctypes.CDLL(str(path))
    pointer, text, number, size = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int, ctypes.c_size_t
    types = {
        "new": (pointer, number, pointer, text, size),
        "destroy": (None, pointer),
        "mock_cluster_new": (pointer, pointer, number),
        "mock_cluster_destroy": (None, pointer),
        "mock_cluster_bootstraps": (text, pointer),
        "mock_topic_create": (number, pointer, text, number, number),
        "mock_topic_set_error": (None, pointer, text, number),
        "mock_push_request_errors_array": (None, pointer, ctypes.c_int16, size, ctypes.POINTER(number)),
    }
    for name, (result, *arguments) in types.items():
        function = getattr(library, f"rd_kafka_{name}")
        function.restype, function.argtypes = result, arguments
    return library
