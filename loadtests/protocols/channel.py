"""What every gRPC channel of ours is opened with."""

from serveoff.services.bounded_http import MOST_BYTES

Options = tuple[tuple[str, int], ...]


def receiving(most_bytes: int) -> Options:
    """Options of a channel whose answers have so many bytes at most: who sends more gets RESOURCE_EXHAUSTED."""
    return (
        ("grpc.enable_http_proxy", 0),  # grpcio would go by `http_proxy`, as http.client does not; none belongs here
        ("grpc.max_receive_message_length", most_bytes),
    )


CHANNEL = receiving(MOST_BYTES)
