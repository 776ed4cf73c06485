"""What every gRPC channel of ours is opened with."""

from serveoff.services.bounded_http import MOST_BYTES

CHANNEL = (
    ("grpc.enable_http_proxy", 0),  # grpcio would go by `http_proxy`, as http.client does not; none belongs here
    ("grpc.max_receive_message_length", MOST_BYTES),
)
